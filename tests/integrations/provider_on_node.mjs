// panva's oidc-provider on a loopback port: access tokens for one API, bound by DPoP or mTLS.
// It prints its issuer identifier once it answers, and ends with its standard input.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [audience, secret] = process.argv.slice(2);

// `require` looks where NODE_PATH says, and `import` does not.
const require = createRequire(import.meta.url);
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const client = {
  client_secret: secret,
  grant_types: ["client_credentials"],
  redirect_uris: [],
  response_types: [],
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: "plain" },
      { ...client, client_id: "dpop", dpop_bound_access_tokens: true },
      { ...client, client_id: "mtls", tls_client_certificate_bound_access_tokens: true },
    ],
    cookies: { keys: [secret] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        // As a proxy would hand it on.
        getCertificate: (ctx) => decodeURIComponent(ctx.get("x-client-cert")) || undefined,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          accessTokenFormat: "jwt",
          audience,
          jwt: { sign: { alg: "RS256" } },
          scope: "read:messages",
        }),
      },
    },
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), alg: "RS256", kid: "one", use: "sig" }] },
    scopes: ["read:messages"],
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
process.stdin.on("end", () => process.exit()).resume();
