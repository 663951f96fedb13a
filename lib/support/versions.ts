/** Software versions, for the record of a run. */
import denoConfig from "../../deno.json" with { type: "json" };

/** Deno's version and the exact versions that deno.json pins, by package name. */
export function packageVersions(): Record<string, string> {
  const packages = Object.values(denoConfig.imports).map((specifier) => {
    const [, name, version] = specifier.match(/^npm:(@?[^@]+)@([^/]+)/)!;
    return [name, version];
  });
  return { deno: Deno.version.deno, ...Object.fromEntries(packages.sort()) };
}
