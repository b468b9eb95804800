export const runtimeOptions: readonly string[];
export const runtimeEnvironment: Readonly<Record<string, string>>;
