//! What the app's own token reads of the app: its permissions, and where Meta calls when somebody
//! removes it (Meta, Graph API reference, Application and Application Permission, v26.0).

use serde_json::{Value, json};

use super::super::SandboxConfig;
use super::super::world::World;
use super::request::Request;

/// The answer; none when the path is not the app's.
pub(super) fn answer(world: &World, config: &SandboxConfig, request: &Request) -> Option<Value> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let settings = &world.settings;
    match (request.method.as_str(), path.as_slice()) {
        ("GET", [id, "permissions"]) if *id == config.app_id => {
            let status = &settings.permission_status;
            let one = |scope: &String| json!({"permission": scope, "status": status});
            let all: Vec<Value> = settings.scopes.iter().map(one).collect();
            Some(json!({ "data": all }))
        }
        ("GET", [id]) if *id == config.app_id => {
            let wants = request.list("fields").iter().any(|f| f == "deauth_callback_url");
            let ours = || world.worker.as_ref().map(|url| format!("{url}/meta/deauthorize"));
            let url = settings.deauthorize_url.clone().or_else(ours).filter(|u| !u.is_empty());
            let mut about = json!({"id": config.app_id});
            // Graph leaves out what is not set.
            if let Some(url) = url.filter(|_| wants) {
                super::super::events::put(&mut about, "deauth_callback_url", json!(url));
            }
            Some(about)
        }
        _ => None,
    }
}
