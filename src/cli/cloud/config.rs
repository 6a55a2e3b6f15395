//! wrangler's configuration: the one in the folder, and what is made of it for one Worker. Ids and
//! addresses are written into a file that lives as long as the command; the folder's own stays as it
//! is.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The KV namespace's name in the Worker.
pub const KV: &str = "SHOP";

/// The var that says which bundle and configuration is deployed.
pub const BUNDLE: &str = "SHOPBELL_BUNDLE";

/// Its files' names, the first that is there counts.
const FILES: [&str; 2] = ["wrangler.json", "wrangler.toml"];

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file.
    #[error("there is no wrangler.toml in {}", .0.display())]
    None(PathBuf),
    /// It cannot be read.
    #[error("{} cannot be read: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It names no entry.
    #[error("{} does not say where the bundle is (main)", .0.display())]
    NoMain(PathBuf),
    /// The bundle is not there.
    #[error("the bundle {} cannot be read: {why}", path.display())]
    NoBundle {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
}

/// The configuration of the folder.
#[derive(Clone, Debug)]
pub struct Config {
    root: PathBuf,
    whole: Map<String, Value>,
    main: PathBuf,
}

/// What one Worker has of its own.
#[derive(Clone, Copy, Debug)]
pub struct Own<'a> {
    /// Its name.
    pub worker: &'a str,
    /// The account, when it is known.
    pub account: Option<&'a str>,
    /// The KV namespace's id, when it is known.
    pub kv: Option<&'a str>,
    /// Vars; those of the folder's configuration that are not here stay.
    pub vars: &'a BTreeMap<String, String>,
}

impl Config {
    /// Reads the configuration in `root`.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(root: &Path) -> Result<Self, ConfigError> {
        let file = FILES.into_iter().map(|name| root.join(name)).find(|path| path.is_file());
        let path = file.ok_or_else(|| ConfigError::None(root.to_owned()))?;
        let unreadable = |why: String| ConfigError::Unreadable { path: path.clone(), why };
        let text = std::fs::read_to_string(&path).map_err(|why| unreadable(why.to_string()))?;
        let whole: Map<String, Value> = if path.extension().is_some_and(|ext| ext == "json") {
            serde_json::from_str(&text).map_err(|why| unreadable(why.to_string()))?
        } else {
            toml::from_str(&text).map_err(|why| unreadable(why.message().to_owned()))?
        };
        let main = whole.get("main").and_then(Value::as_str).map(|main| root.join(main));
        let main = main.ok_or(ConfigError::NoMain(path))?;
        Ok(Self { root: root.to_owned(), whole, main })
    }

    /// The folder it is in.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The Worker's name there.
    #[must_use]
    pub fn worker(&self) -> Option<&str> {
        self.whole.get("name").and_then(Value::as_str)
    }

    /// What builds the bundle; none where it is built already.
    #[must_use]
    pub fn build(&self) -> Option<&str> {
        self.whole.get("build")?.get("command")?.as_str()
    }

    /// A var's value, unless it is empty.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.whole.get("vars")?.get(name)?.as_str().filter(|value| !value.is_empty())
    }

    /// The id of the KV namespace, where the owner wrote one.
    #[must_use]
    pub fn kv(&self) -> Option<&str> {
        let all = self.whole.get("kv_namespaces")?.as_array()?;
        let ours = all.iter().find(|one| one.get("binding").and_then(Value::as_str) == Some(KV))?;
        ours.get("id")?.as_str()
    }

    /// The same, for one Worker.
    #[must_use]
    pub fn of(&self, own: Own<'_>) -> Map<String, Value> {
        let mut whole = self.whole.clone();
        // Built already, and not from another folder.
        whole.remove("build");
        whole.insert("name".to_owned(), json!(own.worker));
        whole.insert("main".to_owned(), json!(self.main));
        // Where a bundle that is uploaded as it is has its modules.
        if let Some(base) = whole.get("base_dir").and_then(Value::as_str) {
            let base = self.root.join(base);
            whole.insert("base_dir".to_owned(), json!(base));
        }
        if let Some(account) = own.account {
            whole.insert("account_id".to_owned(), json!(account));
        }
        let spaces = whole.entry("kv_namespaces").or_insert_with(|| json!([]));
        if let Some(spaces) = spaces.as_array_mut() {
            spaces.retain(|one| one.get("binding").and_then(Value::as_str) != Some(KV));
            spaces.push(match own.kv {
                Some(id) => json!({ "binding": KV, "id": id }),
                None => json!({ "binding": KV }),
            });
        }
        let vars = whole.entry("vars").or_insert_with(|| json!({}));
        if let Some(vars) = vars.as_object_mut() {
            vars.extend(own.vars.iter().map(|(name, value)| (name.clone(), json!(value))));
        }
        whole
    }

    /// What tells one bundle with its configuration from another: 16 hexadecimal digits.
    ///
    /// # Errors
    /// [`ConfigError::NoBundle`].
    pub fn fingerprint(&self, own: Own<'_>) -> Result<String, ConfigError> {
        let missing = |why| ConfigError::NoBundle { path: self.main.clone(), why };
        let mut whole = self.of(own);
        // Where the folder lies is no difference.
        whole.remove("main");
        whole.remove("base_dir");
        if let Some(vars) = whole.get_mut("vars").and_then(Value::as_object_mut) {
            vars.remove(BUNDLE);
        }
        let mut hash = Sha256::new().chain_update(Value::Object(whole).to_string());
        std::fs::metadata(&self.main).map_err(missing)?;
        let folder = self.main.parent().unwrap_or(&self.root);
        let entries = std::fs::read_dir(folder).map_err(missing)?;
        let mut files: Vec<PathBuf> = entries.filter_map(|one| Some(one.ok()?.path())).collect();
        files.retain(|path| {
            path.extension().is_some_and(|e| ["js", "mjs", "wasm"].iter().any(|k| e == *k))
        });
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            hash.update(format!("\0{name}\0"));
            hash.update(std::fs::read(&file).map_err(missing)?);
        }
        let mut digest = hex::encode(hash.finalize());
        digest.truncate(16);
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(config: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("wrangler.toml"), config).unwrap();
        std::fs::create_dir(folder.path().join("build")).unwrap();
        std::fs::write(folder.path().join("build/index.js"), "export default {}").unwrap();
        folder
    }

    #[test]
    fn the_repositorys_own_configuration_becomes_one_workers() {
        let config = Config::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert_eq!(config.worker(), Some("shopbell"));
        assert_eq!(config.build(), Some("scripts/build"));
        assert_eq!((config.kv(), config.var("APP_ID")), (None, None));
        let vars = BTreeMap::from([("APP_ID".to_owned(), "7".to_owned())]);
        let own = Own { worker: "cafe", account: Some("a"), kv: Some("k"), vars: &vars };
        let whole = config.of(own);
        assert_eq!(whole["name"], "cafe");
        assert_eq!(whole["account_id"], "a");
        assert_eq!(whole["kv_namespaces"], json!([{ "binding": "SHOP", "id": "k" }]));
        assert_eq!(whole["vars"]["APP_ID"], "7");
        assert_eq!(whole["vars"]["GRAPH_VERSION"], "v26.0", "the others stay");
        assert!(whole.get("build").is_none());
        assert!(Path::new(whole["main"].as_str().unwrap()).is_absolute());
        assert_eq!(whole["triggers"]["crons"][0], "* * * * *");
    }

    #[test]
    fn a_fingerprint_changes_with_the_bundle_and_the_vars_and_nothing_else() {
        let there = folder("name = \"a\"\nmain = \"build/index.js\"\n");
        let config = Config::read(there.path()).unwrap();
        let of = |vars: &[(&str, &str)]| {
            let vars = vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
            let own = Own { worker: "a", account: None, kv: None, vars: &vars };
            config.fingerprint(own).unwrap()
        };
        let first = of(&[]);
        assert_eq!(of(&[(BUNDLE, &first)]), first);
        assert_ne!(of(&[("APP_ID", "1")]), first);
        std::fs::write(there.path().join("build/notes.txt"), "x").unwrap();
        assert_eq!(of(&[]), first);
        std::fs::write(there.path().join("build/index_bg.wasm"), "x").unwrap();
        assert_ne!(of(&[]), first);
        std::fs::remove_file(there.path().join("build/index.js")).unwrap();
        let none = BTreeMap::new();
        let own = Own { worker: "a", account: None, kv: None, vars: &none };
        assert!(matches!(config.fingerprint(own), Err(ConfigError::NoBundle { .. })));
    }

    #[test]
    fn a_folder_without_a_build_step_is_fine_and_one_without_an_entry_is_not() {
        let there = folder("name = \"a\"\nmain = \"build/index.js\"\n");
        assert_eq!(Config::read(there.path()).unwrap().build(), None);
        let there = folder("name = \"a\"\n");
        assert!(matches!(Config::read(there.path()), Err(ConfigError::NoMain(_))));
        let none = tempfile::tempdir().unwrap();
        assert!(matches!(Config::read(none.path()), Err(ConfigError::None(_))));
    }
}
