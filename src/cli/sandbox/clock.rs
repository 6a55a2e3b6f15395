//! The virtual clock: jumping into tomorrow with everything that happens on the way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Shared;
use super::deliver;
use crate::time::MINUTE;

/// How far one step of a jump goes.
const STEP: i64 = 15 * MINUTE;

/// Moves the sandbox's time to `to` (Unix ms). Forward it goes in steps, so that what is due in
/// between happens when it is due: webhooks are tried again, and with the clock on the Worker's
/// own clock follows and its cron trigger fires.
pub(super) async fn move_to(shared: &Arc<Shared>, to: i64) {
    loop {
        let now = shared.world().now();
        let ahead = to.saturating_sub(now);
        // Whole steps end on the quarter of an hour, as real cron triggers do.
        let boundary = now.saturating_add(STEP).saturating_sub(now.rem_euclid(STEP));
        let target = if ahead > 0 { boundary.min(to) } else { to };
        {
            let mut world = shared.world();
            world.offset = target.saturating_sub(super::world::real_now());
        }
        shared.touch();
        shared.wake.notify_one();
        deliver::redeliver_due(shared).await;
        if shared.config.clock {
            tell_worker(shared, target).await;
        }
        if target >= to || ahead <= 0 {
            break;
        }
    }
    shared.touch();
}

/// Sets the Worker's clock and fires its cron trigger.
async fn tell_worker(shared: &Arc<Shared>, at: i64) {
    let Some(worker) = shared.world().worker.clone() else { return };
    let cron = format!("{worker}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time={at}");
    for url in [format!("{worker}/__clock?t={at}"), cron] {
        let sent = shared.http.get(url).timeout(Duration::from_secs(60)).send().await;
        let problem = match sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the Worker's clock answered {}", answer.status())),
            Err(e) => Some(format!("the Worker's clock: {}", e.without_url())),
        };
        if let Some(problem) = problem {
            shared.note(&problem);
        }
    }
    quiet(shared, Duration::from_secs(5)).await;
}

/// Waits until no Graph call has been in flight for a moment.
async fn quiet(shared: &Shared, at_most: Duration) {
    let started = Instant::now();
    while shared.in_flight.load(Ordering::SeqCst) > 0 && started.elapsed() < at_most {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
