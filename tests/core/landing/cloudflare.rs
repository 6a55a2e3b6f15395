//! Cloudflare as wrangler shows it, in this process: namespaces, Workers, secrets, KV; its refusals in
//! wrangler's own words (4.164); and the Worker itself, as far as setting up asks it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shopbell::meta::signature::{AppSecret, handshake, mark};

/// The only account, unless a test has more.
pub const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

/// What wrangler was called with.
#[derive(Clone, Debug)]
pub struct Called {
    pub argv: Vec<String>,
    pub stdin: String,
    pub config: Option<Value>,
    pub file: Option<Value>,
    pub environment: Vec<String>,
    /// Whether only this user can come at the file, where one was given.
    pub private: Option<bool>,
}

impl Called {
    pub fn is(&self, words: &str) -> bool {
        words.split(' ').zip(&self.argv).all(|(word, given)| word == given)
    }

    /// Whether it changes anything at Cloudflare.
    pub fn changes(&self) -> bool {
        let dry = self.argv.iter().any(|word| word == "--dry-run");
        let all = ["deploy", "secret bulk", "secret put", "kv namespace create", "kv bulk put"];
        all.iter().any(|words| self.is(words)) && !dry
    }

    pub fn after(&self, option: &str) -> Option<&str> {
        let at = self.argv.iter().position(|word| word == option)?;
        self.argv.get(at + 1).map(String::as_str)
    }
}

/// What wrangler says to it.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Says {
    pub out: String,
    pub err: String,
    pub code: i32,
    pub results: String,
}

impl Says {
    fn out(out: impl ToString) -> Self {
        Self { out: out.to_string(), ..Self::default() }
    }

    /// An error of Cloudflare's, as wrangler prints it.
    pub fn refused(code: u32, words: &str) -> Self {
        let results = json!({"type": "command-failed", "version": 1, "code": code,
            "message": "A request to the Cloudflare API (/accounts/x) failed."});
        Self {
            err: format!(
                "\nX [ERROR] A request to the Cloudflare API (/accounts/x) failed.\n\n  {words} [code: {code}]\n"
            ),
            code: 1,
            results: format!("{results}\n"),
            ..Self::default()
        }
    }

    /// An error of wrangler's own.
    pub fn failed(words: &str) -> Self {
        let results = json!({"type": "command-failed", "version": 1, "message": words});
        Self {
            err: format!("\nX [ERROR] {words}\n"),
            code: 1,
            results: format!("{results}\n"),
            ..Self::default()
        }
    }

    pub fn old_node() -> Self {
        let err = "Wrangler requires at least Node.js v22.12.0. You are using v20.20.2. Please update \
                   your version of Node.js.\n";
        Self { err: err.to_owned(), code: 1, ..Self::default() }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Worker {
    pub kv: String,
    pub vars: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, String>,
    /// Made by a secret before there was anything to deploy.
    pub draft: bool,
    pub uploads: u32,
}

#[derive(Default)]
pub struct Cloudflare {
    pub logged_in: bool,
    pub accounts: Vec<(String, String)>,
    pub permissions: Vec<&'static str>,
    pub subdomain: bool,
    pub namespaces: Vec<(String, String)>,
    /// Not listed yet.
    pub hidden: Vec<(String, String)>,
    pub workers: BTreeMap<String, Worker>,
    pub kv: BTreeMap<String, BTreeMap<String, String>>,
    pub calls: Vec<Called>,
    /// What the next call that begins so gets instead.
    pub faults: Vec<(&'static str, Says)>,
    /// Where the Workers answer.
    pub address: String,
    /// Messages that came and went, by the name of the counter.
    pub traffic: BTreeMap<String, i64>,
}

impl Cloudflare {
    pub fn new() -> Self {
        Self {
            logged_in: true,
            accounts: vec![(ACCOUNT.to_owned(), "The café's".to_owned())],
            permissions: vec!["account:read", "workers_scripts:write", "workers_kv:write"],
            subdomain: true,
            ..Self::default()
        }
    }

    pub fn worker(&self, name: &str) -> &Worker {
        self.workers.get(name).unwrap_or_else(|| panic!("no Worker {name}"))
    }

    /// The calls that changed something.
    pub fn changes(&self) -> Vec<String> {
        self.calls
            .iter()
            .filter(|call| call.changes())
            .map(|call| call.argv[..2].join(" "))
            .collect()
    }

    pub fn answer(&mut self, call: Called) -> Says {
        self.calls.push(call.clone());
        if let Some(at) = self.faults.iter().position(|(words, _)| call.is(words)) {
            return self.faults.remove(at).1;
        }
        if !self.logged_in {
            if call.is("whoami") {
                return Says {
                    out: json!({"loggedIn": false}).to_string(),
                    code: 1,
                    ..Says::default()
                };
            }
            return Says::failed(
                "In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN \
                 environment variable for wrangler to work.",
            );
        }
        let config = call.config.clone().unwrap_or_default();
        if self.accounts.len() > 1 && config["account_id"].is_null() && !call.is("whoami") {
            let all = self.accounts.iter().map(|(id, name)| format!("\n  `{name}`: `{id}`"));
            return Says::failed(&format!(
                "More than one account available but unable to select one in non-interactive \
                 mode.{}",
                all.collect::<String>()
            ));
        }
        let name = call.after("--name").or(config["name"].as_str()).unwrap_or_default().to_owned();
        match call.argv.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["whoami", ..] => {
                let accounts: Vec<Value> = self
                    .accounts
                    .iter()
                    .map(|(id, name)| json!({"id": id, "name": name}))
                    .collect();
                Says::out(json!({"loggedIn": true, "authType": "OAuth Token",
                    "email": "owner@cafe.example", "accounts": accounts,
                    "tokenPermissions": self.permissions}))
            }
            ["deployments", "status", ..] => match self.workers.get(&name) {
                Some(worker) if !worker.draft => Says::out(
                    json!({"id": "d", "versions": [{"version_id": "v1", "percentage": 100}]}),
                ),
                _ => Says::refused(10_007, "This Worker does not exist on your account."),
            },
            ["versions", "view", ..] => {
                let worker = self.worker(&name);
                let mut bindings = vec![
                    json!({"type": "kv_namespace", "name": "SHOP", "namespace_id": worker.kv}),
                    json!({"type": "durable_object_namespace", "name": "DESK"}),
                ];
                bindings.extend(
                    worker.vars.iter().map(
                        |(name, text)| json!({"type": "plain_text", "name": name, "text": text}),
                    ),
                );
                bindings.extend(
                    worker.secrets.keys().map(|name| json!({"type": "secret_text", "name": name})),
                );
                Says::out(json!({"id": "v1", "resources": {"bindings": bindings}}))
            }
            ["secret", "list", ..] => match self.workers.get(&name) {
                Some(worker) => {
                    let all: Vec<Value> = worker
                        .secrets
                        .keys()
                        .map(|name| json!({"name": name, "type": "secret_text"}))
                        .collect();
                    Says::out(Value::Array(all))
                }
                None => Says::failed(
                    "Worker not found.\n\nIf this is a new Worker, run `wrangler deploy` first to create it.",
                ),
            },
            ["secret", "bulk", ..] => {
                let given: BTreeMap<String, Option<String>> =
                    serde_json::from_str(&call.stdin).unwrap();
                // As wrangler does: a Worker that is not there becomes an empty one.
                let worker =
                    self.workers.entry(name).or_insert(Worker { draft: true, ..Worker::default() });
                for (name, value) in given {
                    match value {
                        Some(value) => worker.secrets.insert(name, value),
                        None => worker.secrets.remove(&name),
                    };
                }
                Says::out("Finished processing secrets file:")
            }
            ["kv", "namespace", "list", ..] => {
                let all: Vec<Value> = self
                    .namespaces
                    .iter()
                    .map(|(id, title)| json!({"id": id, "title": title}))
                    .collect();
                self.namespaces.append(&mut self.hidden);
                Says::out(Value::Array(all))
            }
            ["kv", "namespace", "create", title, ..] => {
                if self.namespaces.iter().chain(&self.hidden).any(|(_, there)| there == title) {
                    return Says::failed(&format!(
                        "A KV namespace with the title \"{title}\" already exists."
                    ));
                }
                let id = format!("kv-{}", self.namespaces.len() + 1);
                self.namespaces.push((id, (*title).to_owned()));
                Says::out("Success!")
            }
            ["kv", "key", "get", key, ..] => {
                let space = self.kv.get(call.after("--namespace-id").unwrap_or_default());
                Says::out(
                    space
                        .and_then(|space| space.get(*key))
                        .map_or("Value not found", String::as_str),
                )
            }
            ["kv", "bulk", "put", ..] => {
                let space = self
                    .kv
                    .entry(call.after("--namespace-id").unwrap_or_default().to_owned())
                    .or_default();
                for pair in call.file.as_ref().unwrap().as_array().unwrap() {
                    space.insert(
                        pair["key"].as_str().unwrap().to_owned(),
                        pair["value"].as_str().unwrap().to_owned(),
                    );
                }
                Says::out("Success!")
            }
            ["deploy", ..] if call.argv.iter().any(|word| word == "--dry-run") => {
                Says::out("Total Upload: 1.00 KiB / gzip: 0.50 KiB\n--dry-run: exiting now.")
            }
            ["deploy", ..] => self.deploy(&name, &config),
            _ => Says::failed(&format!("Unknown arguments: {}", call.argv.join(" "))),
        }
    }

    fn deploy(&mut self, name: &str, config: &Value) -> Says {
        assert_eq!(config["account_id"], ACCOUNT, "the right account");
        assert!(config.get("build").is_none(), "built already");
        let kv = config["kv_namespaces"][0]["id"].as_str().expect("an id").to_owned();
        if !self.namespaces.iter().any(|(id, _)| *id == kv) {
            return Says::refused(10_041, &format!("KV namespace '{kv}' not found."));
        }
        if !self.subdomain {
            return Says::failed(
                "You can either deploy your worker to one or more routes by specifying them in your \
                 wrangler.json file, or register a workers.dev subdomain here:\n\
                 https://dash.cloudflare.com/0123/workers/onboarding",
            );
        }
        let vars = config["vars"].as_object().unwrap();
        let vars =
            vars.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()));
        let worker = self.workers.entry(name.to_owned()).or_default();
        *worker = Worker {
            kv,
            vars: vars.collect(),
            secrets: worker.secrets.clone(),
            draft: false,
            uploads: worker.uploads + 1,
        };
        let done = json!({"type": "deploy", "version": 1, "worker_name": name, "version_id": "v1",
            "targets": [self.address, "schedule: * * * * *"]});
        Says { results: format!("{done}\n"), ..Says::out("Uploaded") }
    }

    fn secret(&self, name: &str) -> Option<&String> {
        self.workers.values().find_map(|worker| worker.secrets.get(name))
    }

    fn misses(&self) -> Option<&'static str> {
        let all = ["APP_SECRET", "VERIFY_TOKEN", "ADMIN_TOKEN", "SIGNING_KEY"];
        all.into_iter().find(|name| self.secret(name).is_none())
    }

    /// `GET /health` of the Worker.
    pub fn health(&self) -> (u16, Value) {
        let version = env!("CARGO_PKG_VERSION");
        match (self.workers.is_empty(), self.misses()) {
            (true, _) => (404, json!("nothing here")),
            (_, Some(name)) => {
                let problem = format!("{name} is not set: `wrangler secret put {name}`");
                (503, json!({"status": "misconfigured", "problem": problem}))
            }
            _ => (200, json!({"status": "ok", "version": version, "pages": 1})),
        }
    }

    /// Meta's handshake.
    pub fn shake(&self, query: &str) -> (u16, String) {
        let Some(token) = self.secret("VERIFY_TOKEN").filter(|_| self.misses().is_none()) else {
            return (503, String::new());
        };
        match handshake(query, token) {
            Ok(challenge) => (200, challenge),
            Err(error) => (error.status(), String::new()),
        }
    }

    /// `POST /webhook`.
    pub fn webhook(&self, signature: Option<&str>, body: &[u8]) -> u16 {
        let Some(secret) = self.secret("APP_SECRET").filter(|_| self.misses().is_none()) else {
            return 503;
        };
        if AppSecret::new(secret.as_str()).verify(signature, body).is_ok() { 200 } else { 401 }
    }

    /// `GET /admin/status`.
    pub fn status(&self, token: Option<&str>) -> (u16, Value) {
        let Some(admin) = self.secret("ADMIN_TOKEN").filter(|admin| token == Some(admin.as_str()))
        else {
            return (401, json!("no"));
        };
        let worker = self.workers.values().next().unwrap();
        let space = self.kv.get(&worker.kv).cloned().unwrap_or_default();
        let json_of = |key: &str| -> Value {
            space.get(key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
        };
        let pages: Vec<String> = json_of("pages")["pages"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|page| page["id"].as_str().unwrap().to_owned())
            .collect();
        let desks: Vec<Value> = pages.iter().map(|page| {
            let version = json_of(&format!("shop:{page}"))["version"].clone();
            json!({"page": page, "shard": 0, "shop": {"version": version, "faq_refused": null},
                "outbox": {"open": 0, "oldest_seconds": null}, "kv_owed": 0, "parked": 0, "hold": null,
                "notifications": [], "last_7_days": self.traffic})
        }).collect();
        let set = |page: &String| {
            let own = format!("PAGE_TOKEN_{page}");
            worker.secrets.contains_key(&own) || worker.secrets.contains_key("PAGE_TOKEN")
        };
        let told: Vec<Value> =
            pages.iter().map(|page| json!({"page": page, "token_set": set(page)})).collect();
        let kept = |name: &&String| {
            name.starts_with("PAGE_TOKEN") || name.starts_with("SIGNING") || *name == "ADS_TOKEN"
        };
        let marks: BTreeMap<&String, String> = worker
            .secrets
            .iter()
            .filter(|(name, _)| kept(name))
            .map(|(name, value)| (name, mark(admin, value)))
            .collect();
        let app_id = worker.vars.get("APP_ID").is_some_and(|id| !id.is_empty());
        (
            200,
            json!({"version": env!("CARGO_PKG_VERSION"), "app_id_set": app_id, "marks": marks,
            "graph": {"base_url": "https://graph.facebook.com", "version": "v26.0"},
            "pages": told, "desks": desks}),
        )
    }
}
