//! The `shopbell` command.

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    native::main()
}

/// The command is native only; the Worker is the library.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::process::ExitCode;

    use clap::{Parser, Subcommand};
    use shopbell::cli::{
        bookings, budget, chat, check, connect, consent, coupons, deploy, doctor, eval, explain,
        export, forget, funnel, import, misses, new, note, offer, plan, poster, profile, publish,
        qr, reconcile, redeem, report, review, sandbox, shards, sim, snippet, template, till,
        verify,
    };

    /// An assistant for a small shop's Messenger and Instagram inbox, on your own Cloudflare
    /// Worker.
    #[derive(Parser)]
    #[command(version)]
    struct Shopbell {
        #[command(subcommand)]
        command: Command,
    }

    // What each is for stands at its arguments: a comment here would hide all but its first line.
    #[derive(Subcommand)]
    enum Command {
        New(Box<new::NewArgs>),
        Check(check::CheckArgs),
        Chat(chat::ChatArgs),
        Explain(explain::ExplainArgs),
        Eval(eval::EvalArgs),
        Misses(misses::MissesArgs),
        Connect(Box<connect::ConnectArgs>),
        Deploy(Box<deploy::DeployArgs>),
        Publish(Box<publish::PublishArgs>),
        Qr(qr::QrArgs),
        Poster(Box<poster::PosterArgs>),
        Snippet(snippet::SnippetArgs),
        Funnel(funnel::FunnelArgs),
        Plan(plan::PlanArgs),
        Report(report::ReportArgs),
        Offer(offer::OfferArgs),
        Coupons(coupons::CouponsArgs),
        Redeem(redeem::RedeemArgs),
        Till(till::TillArgs),
        Consent(consent::ConsentArgs),
        Reconcile(reconcile::ReconcileArgs),
        Profile(profile::ProfileArgs),
        Doctor(doctor::DoctorArgs),
        Review(review::ReviewArgs),
        Note(note::NoteArgs),
        Budget(budget::BudgetArgs),
        Template(template::TemplateArgs),
        Bookings(bookings::BookingsArgs),
        Forget(forget::ForgetArgs),
        Export(export::ExportArgs),
        Import(import::ImportArgs),
        Shards(shards::ShardsArgs),
        Sim(sim::SimArgs),
        Verify(verify::VerifyArgs),
        Sandbox(sandbox::SandboxArgs),
    }

    pub fn main() -> ExitCode {
        match Shopbell::parse().command {
            Command::New(args) => new::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Chat(args) => chat::run(&args),
            Command::Explain(args) => explain::run(&args),
            Command::Eval(args) => eval::run(&args),
            Command::Misses(args) => misses::run(&args),
            Command::Connect(args) => connect::run(*args),
            Command::Deploy(args) => deploy::run(*args),
            Command::Publish(args) => publish::run(&args),
            Command::Qr(args) => qr::run(&args),
            Command::Poster(args) => poster::run(*args),
            Command::Snippet(args) => snippet::run(&args),
            Command::Funnel(args) => funnel::run(&args),
            Command::Plan(args) => plan::run(&args),
            Command::Report(args) => report::run(&args),
            Command::Offer(args) => offer::run(&args),
            Command::Coupons(args) => coupons::run(&args),
            Command::Redeem(args) => redeem::run(&args),
            Command::Till(args) => till::run(&args),
            Command::Consent(args) => consent::run(&args),
            Command::Reconcile(args) => reconcile::run(&args),
            Command::Profile(args) => profile::run(args),
            Command::Doctor(args) => doctor::run(args),
            Command::Review(args) => review::run(&args),
            Command::Note(args) => note::run(&args),
            Command::Budget(args) => budget::run(&args),
            Command::Template(args) => template::run(&args),
            Command::Bookings(args) => bookings::run(&args),
            Command::Forget(args) => forget::run(&args),
            Command::Export(args) => export::run(&args),
            Command::Import(args) => import::run(&args),
            Command::Shards(args) => shards::run(&args),
            Command::Sim(args) => sim::run(&args),
            Command::Verify(args) => verify::run(&args),
            Command::Sandbox(args) => sandbox::run(args),
        }
    }
}
