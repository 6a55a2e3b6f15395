//! `shopbell budget`: what a shop takes of what Cloudflare gives, and for how many people that is
//! enough.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::check::{self, Format};
use super::said;
use crate::meta::limits::{CALLS_PER_ENGAGED_PERSON, SENDS_PER_SECOND};
use crate::outreach::budget::expected::{self, fullest_day, spread_days};
use crate::outreach::budget::{
    Day, Line, Notifications, days_for_notifications, desks_for, enough_for, limits, lines,
    notifications_a_day, seconds_to_send,
};
use crate::outreach::schedule::LEAVING_MS;
use crate::shop::model::{Plan, Shop};
use crate::time::{SECOND, UnixMs};

/// Says what a shop takes of what Cloudflare gives, and for how many people it is enough.
///
/// Rows are counted on the real program; the limits are dated and named. Ends with 1 when the plan
/// does not carry it. What you leave out is taken from [cloudflare] in shop.toml.
#[derive(clap::Args)]
pub struct BudgetArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// How many people agreed to notifications.
    #[arg(long, value_name = "PEOPLE")]
    subscribers: Option<u32>,
    /// How many messages people write on that day.
    #[arg(long, value_name = "MESSAGES")]
    messages: Option<u32>,
    /// Cloudflare's plan.
    #[arg(long, value_parser = plan_of, value_name = "free|paid")]
    plan: Option<Plan>,
    /// Of a hundred subscribers, how many wrote or tapped in the day before.
    #[arg(long, default_value_t = expected::IN_WINDOW_PERCENT, value_name = "PERCENT",
          value_parser = clap::value_parser!(u64).range(0..=100))]
    in_window: u64,
    /// Bubbles that answer a message.
    #[arg(long, default_value_t = 2, value_name = "BUBBLES",
          value_parser = clap::value_parser!(u64).range(1..=10))]
    bubbles: u64,
    /// The Page is subscribed to `message_deliveries` and `message_reads`.
    #[arg(long)]
    receipts: bool,
    /// How long Graph takes to answer, in ms.
    #[arg(long, default_value_t = 200, value_name = "MS",
          value_parser = clap::value_parser!(u64).range(1..=10_000))]
    answer_ms: u64,
    /// As of this day, 2026-12-24, instead of today.
    #[arg(long, value_name = "DAY", value_parser = said::day)]
    at: Option<Date>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

fn plan_of(text: &str) -> Result<Plan, String> {
    match text {
        "free" => Ok(Plan::Free),
        "paid" => Ok(Plan::Paid),
        _ => Err("the plans are free and paid".to_owned()),
    }
}

/// Why there is no budget.
#[derive(Debug, thiserror::Error)]
enum BudgetError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error("say for how many people: --subscribers, or subscribers = … under [cloudflare]")]
    HowMany,
}

/// A shop's budget on a plan.
struct Budget {
    plan: Plan,
    day: Day,
    lines: Vec<Line>,
    /// Days that the notifications of the day take.
    days: u64,
    /// Days that they may take.
    may_take: u64,
    enough_for: Option<u64>,
    /// Seconds until the last one has left, on the fullest day of those.
    seconds: u64,
    per_second: u64,
    answer_ms: u64,
}

impl Budget {
    fn of(day: Day, plan: Plan, shops: &[Shop], answer_ms: u64) -> Self {
        let Notifications { in_window, by_token, .. } = day.notifications();
        let days = days_for_notifications(&day, plan);
        let per_second = shops
            .first()
            .map_or(u64::from(SENDS_PER_SECOND), |shop| u64::from(shop.sending.per_second));
        // One notification at a time.
        let at_once = days.max(1).saturating_mul(day.notifications_each.max(1));
        let a_day = in_window.saturating_add(by_token).div_ceil(at_once);
        Self {
            plan,
            // On each of the days that it takes.
            lines: lines(&day.with(day.subscribers.div_ceil(days.max(1))), plan),
            days,
            may_take: spread_days(shops).saturating_add(1),
            enough_for: enough_for(&day, plan),
            seconds: seconds_to_send(a_day, day.desks, answer_ms, per_second),
            per_second,
            answer_ms,
            day,
        }
    }

    fn seconds_allowed() -> u64 {
        u64::try_from(LEAVING_MS / SECOND).unwrap_or(0)
    }

    /// What the plan does not carry, in words.
    fn refusals(&self) -> Vec<String> {
        let mut why: Vec<String> = Vec::new();
        for line in self.lines.iter().filter(|line| !line.fits(self.plan)) {
            let (takes, gives) = (line.takes, line.gives);
            why.push(format!("{takes} {} a day, the plan gives {gives}", line.resource.says()));
        }
        if self.days > self.may_take {
            why.push(format!(
                "the notifications of one day take {} days and may take {} (spread_days)",
                self.days, self.may_take
            ));
        }
        if self.may_take == 1 && self.seconds > Self::seconds_allowed() {
            let wanted = self.day.subscribers.div_ceil(Self::seconds_allowed().max(1));
            why.push(format!(
                "the last one leaves after {}, and has {}: {} would do, with per_second = {} or more",
                minutes(self.seconds),
                minutes(Self::seconds_allowed()),
                check::counted(
                    usize::try_from(desks_for(wanted, self.answer_ms)).unwrap_or(usize::MAX),
                    "shard"
                ),
                wanted
            ));
        }
        why
    }
}

/// Prints the budget.
#[must_use]
pub fn run(args: &BudgetArgs) -> ExitCode {
    let budget = match made(args) {
        Ok(budget) => budget,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::FAILURE;
        }
    };
    match args.format {
        Format::Text => print!("{}", for_people(&budget)),
        Format::Json => println!("{}", for_machines(&budget)),
    }
    if budget.refusals().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn made(args: &BudgetArgs) -> Result<Budget, BudgetError> {
    let shops = check::load(&args.dir)?;
    let hosting = shops.first().map(|shop| shop.hosting).unwrap_or_default();
    let subscribers = args.subscribers.or(hosting.subscribers).ok_or(BudgetError::HowMany)?;
    let messages = args.messages.or(hosting.messages_a_day);
    let messages = messages.unwrap_or(expected::MESSAGES_A_DAY);
    let today = args.at.unwrap_or_else(|| UnixMs::from(Timestamp::now()).utc_date());
    let day = fullest_day(&shops, u64::from(subscribers), u64::from(messages), today);
    let day = Day {
        in_window_percent: args.in_window,
        bubbles: args.bubbles,
        receipts: args.receipts,
        ..day
    };
    Ok(Budget::of(day, args.plan.unwrap_or(hosting.plan), &shops, args.answer_ms))
}

fn minutes(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        _ => format!("{} min", seconds.div_ceil(60)),
    }
}

const fn name(plan: Plan) -> &'static str {
    match plan {
        Plan::Free => "free",
        Plan::Paid => "paid",
    }
}

fn for_people(budget: &Budget) -> String {
    let Budget { plan, day, days, .. } = budget;
    let Notifications { in_window, by_token, held } = day.notifications();
    let mut text = format!(
        "The fullest day: {} subscribers, {} each; {} messages, {} bubbles each; {}\n",
        day.subscribers,
        check::counted(usize::try_from(day.notifications_each).unwrap_or(0), "notification"),
        day.messages,
        day.bubbles,
        check::counted(usize::try_from(day.desks).unwrap_or(0), "Desk"),
    );
    let _ = writeln!(text, "  {in_window} leave in the window, {by_token} by token, {held} held\n");
    let per = if *days > 1 { format!(", on each of {days} days") } else { String::new() };
    let _ = writeln!(
        text,
        "{:<26}{:>14}{:>14}",
        format!("{} plan{per}", name(*plan)),
        "takes",
        "gives"
    );
    for line in &budget.lines {
        let fits = match (line.fits(*plan), line.may_wait) {
            (false, _) => "   TOO MUCH".to_owned(),
            (true, wait) if *plan == Plan::Free && line.takes > line.gives => {
                format!("   {wait} may wait")
            }
            (true, _) => String::new(),
        };
        let cents = match line.cents {
            0 => String::new(),
            cents => format!("   + {} a month", dollars(cents)),
        };
        let (says, takes, gives) = (line.resource.says(), line.takes, line.gives);
        let _ = writeln!(text, "{says:<26}{takes:>14}{gives:>14}{cents}{fits}");
    }
    if *plan == Plan::Paid {
        let more = budget.lines.iter().fold(0_u64, |sum, line| sum.saturating_add(line.cents));
        let all = more.saturating_add(limits::PAID_CENTS_A_MONTH);
        let _ = writeln!(text, "\n{} a month, if every day were as full", dollars(all));
    }
    let _ = writeln!(
        text,
        "\nThe last notification leaves after {} (at {} a second at most, {} ms for each answer of \
         Graph's)",
        minutes(budget.seconds),
        budget.per_second,
        budget.answer_ms
    );
    let calls =
        in_window.saturating_add(by_token).saturating_add(day.messages.saturating_mul(day.bubbles));
    let people = day.subscribers.max(1).saturating_mul(u64::from(CALLS_PER_ENGAGED_PERSON));
    let _ = writeln!(
        text,
        "Meta: {calls} calls a day of {people}; {SENDS_PER_SECOND} a second at most"
    );
    if let Some(a_day) = notifications_a_day(*plan, u32::try_from(day.desks).unwrap_or(u32::MAX)) {
        let all = u64::from(a_day).saturating_mul(day.desks);
        let _ =
            writeln!(text, "Of a day notifications take {all} at most; the rest is for answers");
    }
    let refusals = budget.refusals();
    for why in &refusals {
        let _ = writeln!(text, "NOT ENOUGH: {why}");
    }
    let _ = match budget.enough_for {
        Some(0) => writeln!(text, "Without any notification it is not enough either"),
        Some(people) => writeln!(text, "One day is enough for {people} subscribers"),
        None => writeln!(text, "The paid plan has no end: what is beyond it is charged"),
    };
    text
}

fn dollars(cents: u64) -> String {
    format!("${}.{:02}", cents / 100, cents % 100)
}

fn for_machines(budget: &Budget) -> serde_json::Value {
    let Notifications { in_window, by_token, held } = budget.day.notifications();
    let line = |line: &Line| {
        let limit = limits::limit(line.resource, budget.plan);
        json!({
            "resource": line.resource, "takes": line.takes, "gives": line.gives,
            "may_wait": line.may_wait, "cents_a_month": line.cents, "fits": line.fits(budget.plan),
            "as_of": limit.map(|limit| limit.as_of.to_string()),
            "source": limit.map(|limit| limit.source),
        })
    };
    json!({
        "plan": name(budget.plan),
        "subscribers": budget.day.subscribers,
        "messages": budget.day.messages,
        "desks": budget.day.desks,
        "notifications": { "in_window": in_window, "by_token": by_token, "held": held },
        "lines": budget.lines.iter().map(line).collect::<Vec<_>>(),
        "days": budget.days,
        "may_take_days": budget.may_take,
        "seconds": budget.seconds,
        "enough_for": budget.enough_for,
        "refusals": budget.refusals(),
    })
}
