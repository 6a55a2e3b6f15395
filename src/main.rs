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

    #[derive(Subcommand)]
    enum Command {
        /// Asks a few questions and writes a shop.toml to start from.
        New(Box<new::NewArgs>),
        /// Says what is wrong in a shop.toml, and what to write instead.
        Check(check::CheckArgs),
        /// Talks to a shop in the terminal.
        Chat(chat::ChatArgs),
        /// Says what a message is taken for, and why.
        Explain(explain::ExplainArgs),
        /// Measures the matcher on labelled questions.
        Eval(eval::EvalArgs),
        /// Fetches what customers asked in vain, and writes it as lines for shop.toml.
        Misses(misses::MissesArgs),
        /// Leads you through Meta, tests what you paste, and gives it to your Worker.
        Connect(Box<connect::ConnectArgs>),
        /// Goes live: Worker, secrets, shop, webhook, profile; then waits for the first message.
        Deploy(Box<deploy::DeployArgs>),
        /// Compiles a shop and writes it to KV.
        Publish(Box<publish::PublishArgs>),
        /// Draws the codes of posters: sheets to print, table tents, labels, pictures.
        Qr(qr::QrArgs),
        /// Makes posters, aims printed ones anew, and takes them down, without publishing.
        Poster(Box<poster::PosterArgs>),
        /// Prints a link, a button and a QR picture for your web site.
        Snippet(snippet::SnippetArgs),
        /// Says what brought people, and how far they went.
        Funnel(funnel::FunnelArgs),
        /// Says who will be told what, when, by which way and rule, and who will not and why.
        Plan(plan::PlanArgs),
        /// Says what became of the notifications that were sent.
        Report(report::ReportArgs),
        /// Says how many people wait to be told of an offer, and opens one.
        Offer(offer::OfferArgs),
        /// Says how many codes of each coupon were given and redeemed, and how many are left.
        Coupons(coupons::CouponsArgs),
        /// Redeems the code of a coupon.
        Redeem(redeem::RedeemArgs),
        /// Makes the key of a till, shows tills, and takes their right away.
        Till(till::TillArgs),
        /// Shows what somebody agreed to, and verifies the receipts of it.
        Consent(consent::ConsentArgs),
        /// Compares Meta's own list of notification tokens with the Worker's, and mends it.
        Reconcile(reconcile::ReconcileArgs),
        /// Greeting, Get Started, ice breakers, menu and commands: what shop.toml says, at Meta.
        Profile(profile::ProfileArgs),
        /// Says what keeps a shop from working, at the Worker and at Meta.
        Doctor(doctor::DoctorArgs),
        /// Writes what Meta's app review asks for, for exactly this shop.
        Review(review::ReviewArgs),
        /// Writes a note on a person, for people of the shop only, or shows those that are kept.
        Note(note::NoteArgs),
        /// Says what a shop takes of what Cloudflare gives, and for how many people it is enough.
        Budget(budget::BudgetArgs),
        /// Hands in texts that Meta has to approve, and says how they stand.
        Template(template::TemplateArgs),
        /// Shows who comes when.
        Bookings(bookings::BookingsArgs),
        /// Deletes everything that is kept of a person.
        Forget(forget::ForgetArgs),
        /// Writes everything that a Worker keeps into a folder: for keeping, or for leaving.
        Export(export::ExportArgs),
        /// Reads such a folder back into an empty deployment.
        Import(import::ImportArgs),
        /// Says among how many Desks a Page's people are divided, and moves them.
        Shards(shards::ShardsArgs),
        /// Plays a scenario of many days in an instant, and prints what people saw.
        Sim(sim::SimArgs),
        /// Says whether a release is what it says it is, and what its sources make.
        Verify(verify::VerifyArgs),
        /// Plays Meta on this computer, with a phone to talk to your Worker.
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
