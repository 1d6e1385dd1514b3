// Proofs of the package `dpop`, for the requests on standard input.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

// `require` looks where NODE_PATH says, and `import` does not.
const require = createRequire(import.meta.url);
const dpop = await import(pathToFileURL(require.resolve("dpop")));

const made = [];
const pairs = {};
for (const { algorithm, url, method, nonce, token } of JSON.parse(readFileSync(0, "utf8"))) {
  const pair = (pairs[algorithm] ??= await dpop.generateKeyPair(algorithm));
  const proof = await dpop.generateProof(pair, url, method, nonce ?? undefined, token);
  made.push({ proof, thumbprint: await dpop.calculateThumbprint(pair.publicKey) });
}
process.stdout.write(JSON.stringify(made));
