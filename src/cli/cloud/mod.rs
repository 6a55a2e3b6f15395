//! Cloudflare, by way of wrangler: one Worker, what it has, and changing it. Every step looks first
//! and can be run again.
//!
//! - [`wrangler`]: calling it. [`refusal`]: what its refusals mean.
//! - [`config`]: its configuration, for one Worker.
//! - [`target`]: which Worker, on which account.
//! - [`Cloud`]: the account, the Worker as it stands, KV, secrets, deploying.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub mod config;
pub mod refusal;
pub mod target;
pub mod wrangler;

use config::{Config, KV, Own};
use refusal::Refusal;
use target::Target;
use wrangler::{Said, Wrangler};

use super::doctor::http::Base;

/// The Worker's secrets; `PAGE_TOKEN_<page id>` is one too.
pub const SECRETS: [&str; 7] = [
    "APP_SECRET",
    "VERIFY_TOKEN",
    "PAGE_TOKEN",
    "ADMIN_TOKEN",
    "SIGNING_KEY",
    "SIGNING_KEY_PREVIOUS",
    "ADS_TOKEN",
];

/// Whether a name is that of a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name) || name.starts_with("PAGE_TOKEN_")
}

/// Who is logged in.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// The mail address, where wrangler knows it.
    pub email: Option<String>,
    /// Ids and names of the accounts.
    pub accounts: Vec<(String, String)>,
    /// What the login may do; empty where wrangler cannot tell.
    permissions: BTreeSet<String>,
}

/// Without these nothing can be deployed (wrangler 4.164).
const PERMISSIONS: [&str; 2] = ["workers_scripts:write", "workers_kv:write"];

/// A Worker as it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// The id of its KV namespace.
    pub kv: Option<String>,
    /// Its vars.
    pub vars: BTreeMap<String, String>,
    /// The names of its secrets.
    pub secrets: BTreeSet<String>,
}

/// A namespace of the account's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Its id.
    pub id: String,
    /// Its name.
    pub title: String,
}

/// One Worker on one account.
pub struct Cloud {
    /// How wrangler is called.
    pub wrangler: Wrangler,
    /// The folder's configuration.
    pub config: Config,
    /// Which Worker.
    pub target: Target,
    /// Where files of this run lie; nobody else can read them, and they go with this value. No
    /// secret is among them.
    folder: tempfile::TempDir,
}

impl Cloud {
    /// # Errors
    /// When this computer has no room for files of the run.
    pub fn new(wrangler: Wrangler, config: Config, target: Target) -> io::Result<Self> {
        Ok(Self { wrangler, config, target, folder: own_folder()? })
    }

    /// Where files of this run may lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What is the Worker's own, beside its vars.
    #[must_use]
    pub fn own<'a>(&'a self, kv: Option<&'a str>, vars: &'a BTreeMap<String, String>) -> Own<'a> {
        let account = self.target.account.as_deref();
        Own { worker: &self.target.worker, account, kv, vars }
    }

    fn written(&self, whole: Map<String, Value>) -> Result<PathBuf, Refusal> {
        let path = self.folder().join("wrangler.json");
        let text = Value::Object(whole).to_string();
        match std::fs::write(&path, text) {
            Ok(()) => Ok(path),
            Err(why) => Err(Refusal::Other(format!("{} cannot be written: {why}", path.display()))),
        }
    }

    fn call_with(
        &self,
        args: &[&str],
        input: Option<&str>,
        whole: Map<String, Value>,
    ) -> Result<Said, Refusal> {
        let path = self.written(whole)?.display().to_string();
        let mut args = args.to_vec();
        args.extend(["--config", &path]);
        self.wrangler.call(&args, input, self.folder())
    }

    /// A call about this Worker.
    fn call(&self, args: &[&str], input: Option<&str>) -> Result<Said, Refusal> {
        let none = BTreeMap::new();
        self.call_with(args, input, self.config.of(self.own(None, &none)))
    }

    /// Who is logged in.
    ///
    /// # Errors
    /// [`Refusal::NotLoggedIn`], [`Refusal::Permission`] where the login is known not to be enough.
    pub fn login(&self) -> Result<Login, Refusal> {
        let told = json(&self.call(&["whoami", "--json"], None)?.out)?;
        if told.get("loggedIn") == Some(&Value::Bool(false)) {
            return Err(Refusal::NotLoggedIn);
        }
        let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_owned);
        let login = Login {
            email: text(&told, "email"),
            accounts: list(&told, "accounts")
                .filter_map(|one| Some((text(one, "id")?, text(one, "name").unwrap_or_default())))
                .collect(),
            permissions: list(&told, "tokenPermissions")
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect(),
        };
        let lacks: Vec<&str> =
            PERMISSIONS.into_iter().filter(|one| !login.permissions.contains(*one)).collect();
        // API tokens do not tell what they may.
        if !login.permissions.is_empty() && !lacks.is_empty() {
            return Err(Refusal::Permission(format!("it lacks {}", lacks.join(", "))));
        }
        Ok(login)
    }

    /// The Worker as it runs; none where there is none.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn deployed(&self) -> Result<Option<Deployed>, Refusal> {
        let name = self.target.worker.as_str();
        let status = match self.call(&["deployments", "status", "--json", "--name", name], None) {
            Ok(said) => json(&said.out)?,
            Err(Refusal::NoWorker) => return Ok(None),
            Err(refusal) => return Err(refusal),
        };
        let newest = list(&status, "versions").next();
        let Some(id) = newest.and_then(|one| one.get("version_id")?.as_str()) else {
            return Ok(None);
        };
        let version = self.call(&["versions", "view", id, "--json", "--name", name], None)?;
        let version = json(&version.out)?;
        let mut deployed = Deployed::default();
        let bindings = version.pointer("/resources/bindings").and_then(Value::as_array);
        for binding in bindings.into_iter().flatten() {
            let text = |key: &str| binding.get(key).and_then(Value::as_str).map(str::to_owned);
            match (text("type").as_deref(), text("name")) {
                (Some("kv_namespace"), Some(name)) if name == KV => {
                    deployed.kv = text("namespace_id");
                }
                (Some("plain_text"), Some(name)) => {
                    deployed.vars.insert(name, text("text").unwrap_or_default());
                }
                (Some("secret_text"), Some(name)) => {
                    deployed.secrets.insert(name);
                }
                _ => {}
            }
        }
        Ok(Some(deployed))
    }

    /// The names of the Worker's secrets.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn secrets(&self) -> Result<BTreeSet<String>, Refusal> {
        let name = self.target.worker.as_str();
        let said = self.call(&["secret", "list", "--format", "json", "--name", name], None)?;
        let told = json(&said.out)?;
        let all = told.as_array().into_iter().flatten();
        Ok(all.filter_map(|one| one.get("name")?.as_str().map(str::to_owned)).collect())
    }

    /// Sets secrets, in one go. They travel by standard input: not on the command line, where
    /// everybody sees them, and not in a file.
    ///
    /// # Errors
    /// [`Refusal`]. Then none was set.
    pub fn set_secrets(&self, secrets: &BTreeMap<String, String>) -> Result<(), Refusal> {
        let input = serde_json::to_string(secrets)
            .map_err(|why| Refusal::Other(format!("the secrets cannot be written: {why}")))?;
        let name = self.target.worker.as_str();
        self.call(&["secret", "bulk", "--name", name], Some(&input)).map(|_| ())
    }

    /// The account's KV namespaces.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn namespaces(&self) -> Result<Vec<Namespace>, Refusal> {
        let told = json(&self.call(&["kv", "namespace", "list"], None)?.out)?;
        let text = |of: &Value, key: &str| of.get(key).and_then(Value::as_str).map(str::to_owned);
        let all = told.as_array().into_iter().flatten();
        Ok(all
            .filter_map(|one| Some(Namespace { id: text(one, "id")?, title: text(one, "title")? }))
            .collect())
    }

    /// Makes a KV namespace.
    ///
    /// # Errors
    /// [`Refusal::NamespaceExists`], and the others.
    pub fn make_namespace(&self, title: &str) -> Result<(), Refusal> {
        self.call(&["kv", "namespace", "create", title], None).map(|_| ())
    }

    /// A value in KV; none where there is none.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn kv_get(&self, namespace: &str, key: &str) -> Result<Option<Value>, Refusal> {
        let args = ["kv", "key", "get", key, "--namespace-id", namespace, "--remote", "--text"];
        // "Value not found" is no JSON; wrangler ends well with it, or badly with a 404.
        match self.call(&args, None) {
            Ok(said) => Ok(serde_json::from_str(&said.out).ok()),
            Err(Refusal::Other(words)) if words.contains("404") => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// Writes the values of a file into KV.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn kv_put(&self, namespace: &str, file: &Path) -> Result<(), Refusal> {
        let file = file.display().to_string();
        let args = ["kv", "bulk", "put", &file, "--namespace-id", namespace, "--remote"];
        self.call(&args, None).map(|_| ())
    }

    /// Deploys. Returns the addresses it answers at.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn deploy(&self, own: Own<'_>) -> Result<Vec<String>, Refusal> {
        let said = self.call_with(&["deploy"], None, self.config.of(own))?;
        let targets = said.results.lines().rev().find_map(|line| {
            let entry: Value = serde_json::from_str(line).ok()?;
            (entry.get("type")?.as_str()? == "deploy").then(|| {
                let words = list(&entry, "targets").filter_map(Value::as_str);
                words.map(str::to_owned).collect::<Vec<_>>()
            })
        });
        // Older versions of wrangler only print them.
        let printed = || said.out.split_whitespace().map(str::to_owned).collect();
        let targets: Vec<String> = targets.unwrap_or_else(printed);
        // Schedules stand there, too.
        Ok(targets.into_iter().filter(|one| Base::new(one).is_ok()).collect())
    }

    /// What wrangler would upload, without uploading it.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn rehearse(&self, own: Own<'_>) -> Result<String, Refusal> {
        let out = self.folder().join("out").display().to_string();
        let whole = self.config.of(own);
        self.call_with(&["deploy", "--dry-run", "--outdir", &out], None, whole).map(|said| said.out)
    }
}

/// A folder for files of this run, which nobody else can look into: without saying so it would be open
/// to everybody on this computer.
pub(in crate::cli) fn own_folder() -> io::Result<tempfile::TempDir> {
    let mut folder = tempfile::Builder::new();
    folder.prefix("shopbell-");
    #[cfg(unix)]
    folder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    folder.tempdir()
}

/// What wrangler printed as JSON; before it there may be a line for people.
fn json(out: &str) -> Result<Value, Refusal> {
    let starts = out.find(['{', '[']).and_then(|at| out.get(at..)).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_str(starts).into_iter::<Value>();
    values.next().and_then(Result::ok).ok_or_else(|| {
        let start: String = out.chars().take(80).collect();
        Refusal::Other(format!("an answer that this version cannot read ({})", start.trim()))
    })
}

fn list<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    of.get(key).and_then(Value::as_array).into_iter().flatten()
}
