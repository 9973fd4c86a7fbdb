// What browsers have and TypeScript's libraries do not name, or what the build puts in front.
interface TrustedScriptURL { readonly brand: "TrustedScriptURL" }
interface TrustedTypePolicy { createScriptURL(input: string): TrustedScriptURL }
declare var trustedTypes: undefined | {
  createPolicy(name: string, rules: { createScriptURL(input: string): string }): TrustedTypePolicy;
};
