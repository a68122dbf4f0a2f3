//! A headless Chromium driven over its DevTools pipe, and what it was seen to do.
//!
//! The pipe needs no port and no further library: the browser reads commands from file
//! descriptor 3 and writes answers to 4, which a shell connects to its standard streams.
#![allow(dead_code, unreachable_pub)] // each test file uses its own part

pub mod cases;
pub mod look;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long one answer may take; a page that freezes fails here.
const PATIENCE: Duration = Duration::from_secs(60);

/// Names under which the browser is installed.
const NAMES: [&str; 5] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
];

/// A browser with one tab.
pub struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    session: String,
    number: u64,
    seen: Vec<Value>,
    _profile: tempfile::TempDir,
}

/// What a page did beside showing itself.
#[derive(Debug, Default)]
pub struct Conduct {
    /// Everything it asked for, itself included.
    pub requests: Vec<String>,
    /// Console messages, uncaught errors, violations of the policy.
    pub messages: Vec<String>,
    /// Dialogs and new windows.
    pub surprises: Vec<String>,
}

/// The browser to use: `STILLHUNT_BROWSER`, else the first known name on the path.
fn executable() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("STILLHUNT_BROWSER") {
        return Some(path.into());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|candidate| candidate.is_file())
}

impl Browser {
    /// Starts a browser, or says on standard error that the test is skipped.
    pub fn start() -> Option<Browser> {
        let Some(executable) = executable() else {
            eprintln!("SKIPPED: no Chromium found; install it or set STILLHUNT_BROWSER");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1")
            .arg(executable)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--no-first-run",
                // nothing could leave the machine even if a page tried
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while matches!(output.read_until(0, &mut message), Ok(length) if length > 0) {
                message.pop();
                let value = serde_json::from_slice(&message).unwrap_or(Value::Null);
                message.clear();
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        let mut browser = Browser {
            child,
            commands,
            answers,
            session: String::new(),
            number: 0,
            seen: Vec::new(),
            _profile: profile,
        };
        browser.attach();
        Some(browser)
    }

    fn attach(&mut self) {
        self.call("Target.setDiscoverTargets", json!({ "discover": true }));
        let target = self.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = self.call(
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        self.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// One command and its answer; events that arrive before it are kept.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut command = json!({ "id": self.number, "method": method, "params": parameters });
        if !self.session.is_empty() {
            command["sessionId"] = self.session.clone().into();
        }
        let mut message = command.to_string().into_bytes();
        message.push(0);
        self.commands.write_all(&message).unwrap();
        let number = self.number;
        let answer = self.wait(method, |message| message["id"] == number);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self
                .answers
                .recv_timeout(left)
                .unwrap_or_else(|error| panic!("no answer to {what}: {error}"));
            if message["method"] == "Page.javascriptDialogOpening" {
                // an open dialog would hold up every later answer
                self.number += 1;
                let close = json!({ "id": self.number, "sessionId": self.session,
                    "method": "Page.handleJavaScriptDialog", "params": { "accept": true } });
                self.commands
                    .write_all(format!("{close}\0").as_bytes())
                    .unwrap();
            }
            if wanted(&message) {
                return message;
            }
            self.seen.push(message);
        }
    }

    /// Opens a page, forgets what earlier ones did, and returns how long loading took.
    pub fn open(&mut self, page: &Path) -> Duration {
        self.seen.clear();
        let started = Instant::now();
        let url = format!("file://{}", page.display());
        self.call("Page.navigate", json!({ "url": url }));
        if !self.seen.iter().any(is_loaded) {
            let loaded = self.wait("loading", is_loaded);
            self.seen.push(loaded);
        }
        started.elapsed()
    }

    /// The value of an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        );
        let error = &answer["exceptionDetails"];
        assert!(error.is_null(), "{expression}: {error}");
        answer["result"]["value"].clone()
    }

    /// A click in the middle of the first element that matches.
    pub fn click(&mut self, selector: &str) {
        let selector = json!(selector);
        let place = self.evaluate(&format!(
            "(() => {{ const e = document.querySelector({selector}); e.scrollIntoView({{ block: 'center', behavior: 'instant' }});
              const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            self.call(
                "Input.dispatchMouseEvent",
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 }),
            );
        }
    }

    /// One key, pressed and released.
    pub fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            other => panic!("unknown key {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            self.call(
                "Input.dispatchKeyEvent",
                json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text }),
            );
        }
    }

    /// Types into whatever has the focus.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// What the page has done since it was opened. Waits a moment for what is on its way.
    pub fn conduct(&mut self) -> Conduct {
        std::thread::sleep(Duration::from_millis(300));
        self.evaluate("0");
        let mut conduct = Conduct::default();
        for event in &self.seen {
            let parameters = &event["params"];
            match event["method"].as_str().unwrap_or("") {
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str().unwrap();
                    conduct.requests.push(url.to_owned());
                }
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => {
                    conduct.messages.push(parameters.to_string());
                }
                "Page.javascriptDialogOpening" | "Page.windowOpen" | "Page.downloadWillBegin" => {
                    conduct.surprises.push(parameters.to_string());
                }
                "Target.targetCreated" if parameters["targetInfo"]["type"] == "page" => {
                    conduct.surprises.push(parameters.to_string());
                }
                _ => {}
            }
        }
        conduct
    }
}

fn is_loaded(message: &Value) -> bool {
    message["method"] == "Page.loadEventFired"
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session.clear();
        let close = json!({ "id": self.number + 1, "method": "Browser.close" });
        let _ = self.commands.write_all(format!("{close}\0").as_bytes());
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
