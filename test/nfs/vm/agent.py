"""Runs programs in the virtual machine for machine.ts.

Connects to the test and reads one JSON line for each program, `{"id": 1, "argv": [...], "uid": 1000}`. The program's input
and output are another connection, whose first line is its id. Everything else that is printed goes to the console.
"""

import json
import os
import socket
import subprocess
import threading

HOST = ("10.0.2.2", int(os.environ["agent_port"]))
KEY = os.environ["agent_key"]


def connect(name):
    connection = socket.socket()
    connection.connect(HOST)
    connection.sendall(f"{KEY} {name}\n".encode())
    return connection


def run(request):
    with connect(request["id"]) as connection:
        user = request["uid"]
        process = subprocess.Popen(
            request["argv"], stdin=connection, stdout=connection, cwd="/", user=user, group=user, extra_groups=[]
        )
    process.wait()


def main():
    with connect("agent").makefile("r") as requests:
        for line in requests:
            threading.Thread(target=run, args=(json.loads(line),), daemon=True).start()


main()
