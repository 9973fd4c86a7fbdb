export * from "age-encryption";
