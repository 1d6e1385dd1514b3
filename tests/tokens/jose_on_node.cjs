// Verdicts of the package `jose` on tokens: a case as JSON on standard input, an array of booleans
// on standard output.
const { pathToFileURL } = require("node:url");
const { readFileSync } = require("node:fs");

async function main() {
  const jose = await import(pathToFileURL(require.resolve("jose")));
  const { tokens, jwks, issuer, audience, leeway, now } = JSON.parse(readFileSync(0, "utf8"));
  const keys = jose.createLocalJWKSet(jwks);
  const options = {
    issuer,
    audience,
    algorithms: ["RS256"],
    clockTolerance: leeway,
    currentDate: new Date(now * 1000),
    requiredClaims: ["exp", "iss", "aud"],
  };
  const verdicts = [];
  for (const token of tokens) {
    const accepted = jose.jwtVerify(token, keys, options).then(() => true, () => false);
    verdicts.push(await accepted);
  }
  process.stdout.write(JSON.stringify(verdicts));
}

main();
