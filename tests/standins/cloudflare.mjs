// Plays as much of Cloudflare's API as the real wrangler asks for while a shop is deployed. Prints its
// port; GET /__state tells what it has, and everything it was asked. Nothing is kept in a file.
import { createServer } from "node:http";

const ACCOUNT = "0123456789abcdef0123456789abcdef";
const state = { namespaces: [], kv: {}, workers: {}, asked: [], unknown: [] };

const ok = (result, info) => [200, { success: true, errors: [], messages: [], result, ...(info && { result_info: info }) }];
const no = (status, code, message) => [status, { success: false, errors: [{ code, message }], messages: [], result: null }];
const missing = () => no(404, 10007, "This Worker does not exist on your account.");

/** A route's answer: [status, body]. */
async function answer(method, path, request) {
  const at = path.split("/").filter(Boolean);
  const key = `${method} ${at.map((part) => (part === ACCOUNT ? ":account" : part)).join("/")}`;
  const script = (rest) => at.slice(0, 4).join("/") === `accounts/${ACCOUNT}/workers/scripts` && (rest === undefined ? at.length === 5 : at.slice(5).join("/") === rest);
  const worker = state.workers[at[4]];
  switch (key) {
    case "GET user": return ok({ id: "u", email: "owner@cafe.example" });
    case "GET user/tokens/verify": return ok({ id: "t", status: "active" });
    case "GET accounts": return ok([{ id: ACCOUNT, name: "The café's" }], { page: 1, per_page: 50, total_pages: 1, count: 1, total_count: 1 });
    case "GET memberships": return ok([{ id: "m", account: { id: ACCOUNT, name: "The café's" } }], { page: 1, per_page: 50, total_pages: 1, count: 1, total_count: 1 });
    case "GET accounts/:account/storage/kv/namespaces": return ok(request.page > 1 ? [] : state.namespaces, { page: 1, per_page: 1000, count: state.namespaces.length, total_count: state.namespaces.length });
    case "POST accounts/:account/storage/kv/namespaces": {
      const { title } = JSON.parse(request.body);
      if (state.namespaces.some((one) => one.title === title)) return no(400, 10014, "a namespace with this account ID and title already exists");
      const made = { id: String(state.namespaces.length + 1).padStart(32, "a"), title, supports_url_encoding: true };
      state.namespaces.push(made);
      return ok(made);
    }
    case "GET accounts/:account/workers/subdomain": return ok({ subdomain: "cafe" });
  }
  if (at[2] === "storage" && at[4] === "namespaces") {
    const space = (state.kv[at[5]] ??= {});
    if (method === "PUT" && at[6] === "bulk") {
      for (const { key, value } of JSON.parse(request.body)) space[key] = value;
      return ok({ successful_key_count: Object.keys(space).length });
    }
    if (method === "GET" && at[6] === "values") {
      const value = space[decodeURIComponent(at[7])];
      return value === undefined ? no(404, 10009, "get: 'key not found'") : [200, value];
    }
  }
  if (at[2] === "workers" && at[3] === "services" && at.length === 5) {
    return worker ? ok({ id: at[4], default_environment: { environment: "production", script: { tag: "tag", tags: [], last_deployed_from: "wrangler" } } }) : missing();
  }
  if (at[2] === "workers" && at[3] === "workers") return worker ? ok({ id: at[4], name: at[4], subdomain: { enabled: true, previews_enabled: false } }) : missing();
  if (script() && method === "PUT") {
    const form = await new Response(request.bytes, { headers: { "content-type": request.type } }).formData();
    const metadata = JSON.parse(await (typeof form.get("metadata") === "string" ? form.get("metadata") : form.get("metadata").text()));
    const kv = metadata.bindings.find((one) => one.type === "kv_namespace");
    if (!state.namespaces.some((one) => one.id === kv.namespace_id)) return no(400, 10041, `KV namespace '${kv.namespace_id}' not found.`);
    const modules = [...form.keys()].filter((name) => name !== "metadata");
    state.workers[at[4]] = { bindings: metadata.bindings, migrations: metadata.migrations, modules, secrets: worker?.secrets ?? {}, uploads: (worker?.uploads ?? 0) + 1 };
    return ok({ id: at[4], etag: "e", pipeline_hash: "p", mutable_pipeline_id: "m", deployment_id: "11111111222233334444555555555555", tag: "tag", startup_time_ms: 5, available_on_subdomain: true });
  }
  if (script("versions") && method === "POST") return ok({ id: "11111111-2222-3333-4444-555555555555", startup_time_ms: 5, metadata: {} });
  if (script("deployments") && method === "GET") return worker ? ok({ deployments: [{ id: "d", created_on: "2026-11-22T00:00:00Z", strategy: "percentage", versions: [{ version_id: "11111111-2222-3333-4444-555555555555", percentage: 100 }] }] }) : missing();
  if (script("versions/11111111-2222-3333-4444-555555555555")) {
    const secrets = Object.keys(worker.secrets).map((name) => ({ type: "secret_text", name }));
    return ok({ id: at[6], metadata: { created_on: "2026-11-22T00:00:00Z" }, resources: { script: {}, script_runtime: {}, bindings: [...worker.bindings.filter((one) => one.type !== "secret_text"), ...secrets] } });
  }
  if (script("secrets") && method === "GET") return worker ? ok(Object.keys(worker.secrets).map((name) => ({ name, type: "secret_text" }))) : missing();
  if (script("secrets-bulk") && method === "PATCH") {
    if (!worker) return missing();
    for (const [name, secret] of Object.entries(JSON.parse(request.body).secrets)) {
      if (secret) worker.secrets[name] = secret.text.length;
      else delete worker.secrets[name];
    }
    return ok({});
  }
  if (script("subdomain")) return ok({ enabled: true, previews_enabled: false });
  if (script("schedules")) return ok({ schedules: [] });
  if (script("settings")) return worker ? ok({ bindings: worker.bindings, migration_tag: worker.migrations?.new_tag }) : missing();
  if (script("script-settings")) return ok({ tags: [] });
  if (at.join("/") === `accounts/${ACCOUNT}/workers/scripts`) return ok(Object.entries(state.workers).map(([id, one]) => ({ id, migration_tag: one.migrations?.new_tag })));
  state.unknown.push(`${method} ${path}`);
  return no(404, 7003, "Could not route the request");
}

const server = createServer(async (message, response) => {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const url = new URL(message.url, "http://localhost");
  if (url.pathname === "/__state") return void response.end(JSON.stringify(state));
  state.asked.push(`${message.method} ${url.pathname}`);
  let status, body;
  try {
    [status, body] = await answer(message.method, url.pathname, { bytes, body: bytes.toString(), type: message.headers["content-type"], page: Number(url.searchParams.get("page") ?? 1) });
  } catch (error) {
    state.unknown.push(`${message.method} ${url.pathname}: ${error.stack}`);
    [status, body] = no(500, 1, error.message);
  }
  response.writeHead(status, { "content-type": "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
// Whoever started it is gone, and so is this.
process.stdin.on("end", () => process.exit()).resume();
