//! `cargo xtask demo`: from a fresh checkout to the sample city in the browser; with `--check`, the same
//! without a person: sign in as each role, look at its page, stop.

use crate::http::Client;
use crate::run::{heading, run, show};
use crate::tools;
use crate::workspace::Workspace;
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// The roles of the program; the sample city has an account of each.
const ROLES: [&str; 13] = [
    "resident",
    "collector",
    "acceptor",
    "shift leader",
    "dispatcher",
    "department lead",
    "handler",
    "checker",
    "leader",
    "analyst",
    "auditor",
    "system administrator",
    "security administrator",
];

/// How long the program may take until it answers: it starts in a second, machines under test in more.
const START: Duration = Duration::from_secs(60);
/// How long it may take to stop when asked to.
const STOP: Duration = Duration::from_secs(20);

/// What the command line says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    check: bool,
    db: Option<String>,
    addr: Option<String>,
}

impl Options {
    /// # Errors
    /// When an argument is unknown or lacks its value.
    pub fn parse(args: &[String]) -> anyhow::Result<Self> {
        let mut options = Self::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || {
                args.next()
                    .cloned()
                    .with_context(|| format!("{arg} needs a value"))
            };
            match arg.as_str() {
                "--check" => options.check = true,
                "--db" => options.db = Some(value()?),
                "--addr" => options.addr = Some(value()?),
                other => bail!("unexpected argument \"{other}\""),
            }
        }
        Ok(options)
    }
}

/// Builds the program with its assets and serves the sample city, or checks that this works.
///
/// # Errors
/// When a step of it fails.
pub fn demo(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    build_assets(workspace)?;
    heading("build");
    // The whole workspace, as the tests build it, so that nothing is compiled twice.
    run(&mut workspace.cargo(&["build", "--workspace", "--bins"]))?;
    let binary = workspace.binary("debug", "shiyu");
    if options.check {
        check(&binary, options)?;
        return Ok(ExitCode::SUCCESS);
    }
    let program = Program {
        binary,
        db: options.db.clone(),
        folder: workspace.root.clone(),
    };
    program.make_city()?;
    heading("serve");
    let mut serve = program.command(&["serve"]);
    if let Some(addr) = &options.addr {
        serve.args(["--addr", addr]);
    }
    // The program takes our place: it prints the address and the accounts, and hears the Ctrl-C.
    Err(serve.exec()).with_context(|| format!("cannot run {}", show(&serve)))
}

/// Builds styles and scripts where Node.js is there. The pages work without them.
///
/// # Errors
/// When npm fails.
pub fn build_assets(workspace: &Workspace) -> anyhow::Result<()> {
    let folder = workspace.root.join("islands");
    if !tools::has_script(&folder, "build") {
        return Ok(());
    }
    if !tools::has_node() {
        println!("Node.js is not here or too old: the pages will work without maps and charts");
        return Ok(());
    }
    heading("styles and scripts");
    tools::node_modules(&folder)?;
    run(Command::new("npm")
        .args(["run", "--silent", "build"])
        .current_dir(&folder))
}

/// The program with the database and the folder it works on.
pub struct Program {
    binary: PathBuf,
    db: Option<String>,
    folder: PathBuf,
}

impl Program {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(args).current_dir(&self.folder);
        if let Some(db) = &self.db {
            command.args(["--db", db]);
        }
        command
    }

    /// Makes the sample city unless the database holds cases already.
    fn make_city(&self) -> anyhow::Result<()> {
        if self.has_cases()? {
            return Ok(());
        }
        heading("the sample city");
        run(&mut self.command(&["init", "--sample"]))
    }

    /// Asks for the first case. A database that was never set up is told by exit code 2.
    fn has_cases(&self) -> anyhow::Result<bool> {
        let mut command = self.command(&["case", "list", "--limit", "1", "--json"]);
        let output = command
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", show(&command)))?;
        match output.status.code() {
            Some(0) => {
                let list: Value = serde_json::from_slice(&output.stdout)
                    .context("cannot read the list of cases")?;
                let cases = list["cases"]
                    .as_array()
                    .context("the list of cases has no \"cases\"")?;
                Ok(!cases.is_empty())
            }
            Some(2) => Ok(false),
            _ => bail!(
                "{} failed: {}{}",
                show(&command),
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}

/// Makes the sample city in a temporary folder, serves it on a free port, signs in as each role, looks at
/// its page, and stops the program.
///
/// # Errors
/// What did not work, with the role and page at which.
pub fn check(binary: &Path, options: &Options) -> anyhow::Result<()> {
    let folder = testkit::temp::Dir::new("demo")?;
    let program = Program {
        binary: binary.to_path_buf(),
        db: options.db.as_deref().map(absolute),
        folder: folder.path().to_path_buf(),
    };
    program.make_city()?;

    heading("serve and look");
    let address = match &options.addr {
        Some(addr) => addr
            .parse()
            .with_context(|| format!("\"{addr}\" is no address with a port"))?,
        None => SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::net::free_port()?)),
    };
    let mut serve = program.command(&["serve", "--addr", &address.to_string()]);
    let child = serve
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", show(&serve)))?;
    let mut server = Server(child);
    server.wait_until_healthy(address)?;
    let accounts = read_accounts(&accounts_file(&program)?)?;
    for account in &accounts {
        look(address, account)
            .with_context(|| format!("as {} ({})", account.role, account.login))?;
        println!("{}: {} renders", account.role, account.home);
    }
    server.stop()
}

/// The temporary folder is where the program runs: a database named by a relative path lies where we are.
fn absolute(db: &str) -> String {
    match db.strip_prefix("sqlite:") {
        Some(path) => match std::path::absolute(path) {
            Ok(path) => format!("sqlite:{}", path.display()),
            Err(_) => db.to_owned(),
        },
        None => db.to_owned(),
    }
}

/// One account of the sample city.
#[derive(Debug)]
struct Account {
    role: String,
    login: String,
    password: String,
    home: String,
}

/// The file lies beside the data: in the data folder, or next to the SQLite file.
fn accounts_file(program: &Program) -> anyhow::Result<PathBuf> {
    let name = "demo-accounts.json";
    let mut places = vec![
        program.folder.join("shiyu-data").join(name),
        program.folder.join(name),
    ];
    if let Some(path) = program
        .db
        .as_deref()
        .and_then(|db| db.strip_prefix("sqlite:"))
    {
        places.push(Path::new(path).with_file_name(name));
    }
    let found = places.iter().find(|path| path.is_file()).cloned();
    found.with_context(|| format!("the program left no {name} in {}", program.folder.display()))
}

fn read_accounts(file: &Path) -> anyhow::Result<Vec<Account>> {
    use std::os::unix::fs::PermissionsExt;
    let shown = file.display();
    let mode = file.metadata()?.permissions().mode() & 0o777;
    ensure!(
        mode == 0o600,
        "{shown} holds passwords and has mode {mode:03o} instead of 600"
    );
    let accounts =
        parse_accounts(&std::fs::read(file)?).with_context(|| format!("cannot use {shown}"))?;
    let there: BTreeSet<String> = accounts
        .iter()
        .map(|account| role_words(&account.role))
        .collect();
    let missing: Vec<&str> = ROLES
        .into_iter()
        .filter(|role| !there.contains(*role))
        .collect();
    ensure!(
        missing.is_empty(),
        "{shown} has no account for: {}",
        missing.join(", ")
    );
    Ok(accounts)
}

fn parse_accounts(json: &[u8]) -> anyhow::Result<Vec<Account>> {
    let value: Value = serde_json::from_slice(json)?;
    let list = value["accounts"]
        .as_array()
        .context("it has no list \"accounts\"")?;
    let account = |(index, value): (usize, &Value)| {
        let field = |name: &str| {
            value[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("account {index} has no text \"{name}\""))
        };
        Ok(Account {
            role: field("role")?,
            login: field("login")?,
            password: field("password")?,
            home: field("home")?,
        })
    };
    list.iter().enumerate().map(account).collect()
}

/// `shift_leader` and `Shift-Leader` are the shift leader, `system_admin` is the system administrator.
fn role_words(role: &str) -> String {
    let words = role.to_lowercase().replace(['_', '-'], " ");
    match words.strip_suffix(" admin") {
        Some(of) => format!("{of} administrator"),
        None => words,
    }
}

/// Signs in as a person would and looks at the role's page.
fn look(address: SocketAddr, account: &Account) -> anyhow::Result<()> {
    let mut client = Client::new(address);
    let form = client.get("/sign-in")?;
    ensure!(form.status == 200, "GET /sign-in answered {}", form.status);
    let csrf = form
        .input("csrf")
        .context("the sign-in form has no field csrf")?;
    let answer = client.post(
        "/sign-in",
        &[
            ("login", &account.login),
            ("password", &account.password),
            ("csrf", &csrf),
        ],
    )?;
    ensure!(
        (300..400).contains(&answer.status),
        "POST /sign-in answered {} instead of leading on",
        answer.status
    );
    let page = client.get(&account.home)?;
    ensure!(
        page.status == 200,
        "GET {} answered {}",
        account.home,
        page.status
    );
    let kind = page.header("content-type").unwrap_or("nothing");
    ensure!(
        kind.starts_with("text/html"),
        "GET {} is {kind} instead of a page",
        account.home
    );
    for part in ["<main", "<h1", "</html>"] {
        ensure!(
            page.body.contains(part),
            "the page {} has no {part}",
            account.home
        );
    }
    ensure!(
        page.input("password").is_none() && !page.body.contains("type=\"password\""),
        "the page {} asks to sign in again",
        account.home
    );
    Ok(())
}

/// The running program; killed if we go away before it was stopped.
struct Server(Child);

impl Server {
    fn wait_until_healthy(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let end = Instant::now() + START;
        loop {
            if let Some(status) = self.0.try_wait()? {
                bail!("the program ended before it answered: {status}");
            }
            let answer = Client::new(address)
                .get("/healthz")
                .map(|response| response.status);
            match answer {
                Ok(200) => return Ok(()),
                Ok(status) if Instant::now() >= end => bail!(
                    "/healthz still answers {status} after {} s",
                    START.as_secs()
                ),
                Err(error) if Instant::now() >= end => {
                    return Err(error.context("the program does not answer"));
                }
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    /// Asks it to stop, as an operator does, and expects it to end well.
    fn stop(mut self) -> anyhow::Result<()> {
        run(Command::new("kill").args(["-TERM", &self.0.id().to_string()]))?;
        let end = Instant::now() + STOP;
        loop {
            match self.0.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => bail!("the program ended with {status} when asked to stop"),
                None if Instant::now() >= end => {
                    bail!("the program did not stop within {} s", STOP.as_secs())
                }
                None => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end, and that is no failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn options(args: &[&str]) -> anyhow::Result<Options> {
        Options::parse(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_command_line_is_read() {
        let all = options(&["--db", "sqlite:x.db", "--check", "--addr", "127.0.0.1:1"]).unwrap();
        assert_eq!(
            all,
            Options {
                check: true,
                db: Some("sqlite:x.db".into()),
                addr: Some("127.0.0.1:1".into())
            }
        );
        for garbage in [&["--db"][..], &["--chek"], &["x"], &[""]] {
            assert!(
                options(garbage)
                    .unwrap_err()
                    .to_string()
                    .contains(garbage[0]),
                "{garbage:?}"
            );
        }
    }

    #[test]
    fn accounts_are_read_and_what_is_missing_is_named() {
        let one = br#"{"accounts":[{"role":"resident","name":"n","login":"l","password":"p","home":"/"}]}"#;
        assert_eq!(parse_accounts(one).unwrap()[0].login, "l");
        for (garbage, part) in [
            ("", "EOF"),
            ("[]", "accounts"),
            ("{\"accounts\":[{\"role\":\"x\"}]}", "login"),
            ("{\"accounts\":[1]}", "role"),
        ] {
            let error = format!("{:#}", parse_accounts(garbage.as_bytes()).unwrap_err());
            assert!(error.contains(part), "{garbage}: {error}");
        }
    }

    #[test]
    fn an_open_file_of_passwords_and_a_missing_role_are_refused() {
        let dir = testkit::temp::Dir::new("accounts").unwrap();
        let file = dir.join("demo-accounts.json");
        std::fs::write(
            &file,
            r#"{"accounts":[{"role":"Shift-Leader","login":"l","password":"p","home":"/"}]}"#,
        )
        .unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            read_accounts(&file)
                .unwrap_err()
                .to_string()
                .contains("644")
        );
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let error = read_accounts(&file).unwrap_err().to_string();
        assert!(
            error.contains("resident") && !error.contains("shift leader"),
            "{error}"
        );
    }

    const FORM: &str = "HTTP/1.1 200 OK\r\nSet-Cookie: pre=1\r\n\r\n<form><input type=\"hidden\" name=\"csrf\" value=\"t\"></form>";
    const LED_ON: &str = "HTTP/1.1 303 See Other\r\nSet-Cookie: session=s\r\n\r\n";

    /// Looks at a program that gives these answers; what it was asked, or why the look failed.
    fn look_at(answers: &'static [&'static str]) -> Result<Vec<String>, String> {
        let (address, server) = crate::http::tests::serve(answers);
        let account = Account {
            role: "handler".into(),
            login: "chen".into(),
            password: "a+b".into(),
            home: "/tasks".into(),
        };
        look(address, &account).map_err(|error| format!("{error:#}"))?;
        Ok(server.join().unwrap())
    }

    #[test]
    fn a_person_signs_in_with_the_token_of_the_form_and_sees_a_page() {
        const PAGE: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><main><h1>待办</h1></main></html>";
        let asked = look_at(&[FORM, LED_ON, PAGE]).unwrap();
        assert!(
            asked[1].starts_with("POST /sign-in ")
                && asked[1].ends_with("login=chen&password=a%2Bb&csrf=t")
        );
        assert!(asked[2].starts_with("GET /tasks ") && asked[2].contains("session=s"));
    }

    #[test]
    fn what_is_no_page_of_a_signed_in_person_is_refused() {
        const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html><main><h1>x</h1></main></html>";
        const NO_HTML: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n<html><main><h1>x</h1></main></html>";
        const EMPTY: &str =
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><main></main></html>";
        const AGAIN: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><main><h1>x</h1><input type=\"password\"></main></html>";
        let refusals: [(&'static [&'static str], &str); 6] = [
            (&["HTTP/1.1 200 OK\r\n\r\n<form></form>"], "csrf"),
            (
                &[FORM, "HTTP/1.1 200 OK\r\n\r\nwrong password"],
                "POST /sign-in answered 200",
            ),
            (&[FORM, LED_ON, FORBIDDEN], "answered 403"),
            (&[FORM, LED_ON, NO_HTML], "text/plain"),
            (&[FORM, LED_ON, EMPTY], "<h1"),
            (&[FORM, LED_ON, AGAIN], "sign in again"),
        ];
        for (answers, part) in refusals {
            let error = look_at(answers).unwrap_err();
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn a_database_file_keeps_its_place() {
        assert_eq!(absolute("sqlite:/a/b.db"), "sqlite:/a/b.db");
        assert!(absolute("sqlite:b.db").starts_with("sqlite:/"));
        assert_eq!(absolute("postgres://h/d"), "postgres://h/d");
    }
}
