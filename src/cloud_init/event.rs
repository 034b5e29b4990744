//! What a guest says about its stages. A guest may be hostile, so a line is bounded, strict, and made fit to be shown.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::stage::Stage;
use crate::text;

/// The longest line that is read, in bytes.
pub const MAX_EVENT_BYTES: usize = 2048;

const MAX_REASON_CHARS: usize = 300;
const MAX_SECONDS: f64 = 86_400.0;

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it is for, or found it done.
    Done,
    /// It had nothing to do in this guest.
    Skipped {
        /// Why, on one line, escaped.
        reason: String,
    },
    /// It failed, and no later stage ran.
    Failed {
        /// The exit code of its script.
        code: u8,
        /// Why, on one line, escaped; empty if the script did not say. Its log has the rest.
        reason: String,
    },
}

/// One line of the guest's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StageEvent {
    /// A stage started.
    Begin {
        /// Which.
        stage: Stage,
        /// When, by the guest's clock.
        at: Timestamp,
    },
    /// A stage ended.
    End {
        /// Which.
        stage: Stage,
        /// How.
        outcome: Outcome,
        /// How long it took, by the guest's clock.
        took: Duration,
    },
    /// The runner ended: nothing more is to come.
    Finish {
        /// The stage that failed, or nothing if all went well.
        failed: Option<Stage>,
        /// How long all of it took, by the guest's clock.
        took: Duration,
    },
}

/// A line of the guest's report that is not an event.
#[derive(Debug, thiserror::Error)]
#[error("the guest reported something that is not a stage event: {reason}: {line:?}")]
pub struct EventError {
    reason: String,
    line: String,
}

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase", deny_unknown_fields)]
enum Raw {
    Begin { version: u8, stage: u8, name: String, time: i64 },
    End { version: u8, stage: u8, name: String, outcome: RawOutcome, code: u8, seconds: f64, reason: String },
    Finish { version: u8, outcome: RawOutcome, stage: u8, seconds: f64 },
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum RawOutcome {
    Done,
    Skipped,
    Failed,
}

/// Reads one line of [`super::EVENTS`], with or without its line feed.
///
/// # Errors
/// The line is longer than [`MAX_EVENT_BYTES`], is not one JSON object with exactly the fields of an event, names a
/// stage that does not exist, or has a value that makes no sense.
pub fn parse_event(line: &[u8]) -> Result<StageEvent, EventError> {
    read(line).map_err(|reason| EventError {
        reason: text::excerpt(&reason, 200),
        line: text::excerpt(&String::from_utf8_lossy(&line[..line.len().min(200)]), 200),
    })
}

fn read(line: &[u8]) -> Result<StageEvent, String> {
    if line.len() > MAX_EVENT_BYTES {
        return Err(format!("it is longer than {MAX_EVENT_BYTES} bytes"));
    }
    match serde_json::from_slice(line).map_err(|e| e.to_string())? {
        Raw::Begin { version, stage, name, time } => {
            check_version(version)?;
            let at = Timestamp::from_second(time).map_err(|_| "its time makes no sense")?;
            Ok(StageEvent::Begin { stage: named_stage(stage, &name)?, at })
        }
        Raw::End { version, stage, name, outcome, code, seconds, reason } => {
            check_version(version)?;
            let reason = text::excerpt(&reason, MAX_REASON_CHARS);
            let outcome = match (outcome, code) {
                (RawOutcome::Done, 0) => Outcome::Done,
                (RawOutcome::Skipped, 0) => Outcome::Skipped { reason },
                (RawOutcome::Failed, 1..) => Outcome::Failed { code, reason },
                _ => return Err("its outcome and its exit code contradict each other".into()),
            };
            Ok(StageEvent::End { stage: named_stage(stage, &name)?, outcome, took: duration(seconds)? })
        }
        Raw::Finish { version, outcome, stage, seconds } => {
            check_version(version)?;
            let failed = match (outcome, stage) {
                (RawOutcome::Done, 0) => None,
                (RawOutcome::Failed, number) => Some(numbered_stage(number)?),
                _ => return Err("its outcome and its stage contradict each other".into()),
            };
            Ok(StageEvent::Finish { failed, took: duration(seconds)? })
        }
    }
}

fn check_version(version: u8) -> Result<(), String> {
    if version == 1 { Ok(()) } else { Err(format!("version {version} is unknown")) }
}

fn numbered_stage(number: u8) -> Result<Stage, String> {
    Stage::from_number(number).ok_or_else(|| format!("there is no stage {number}"))
}

fn named_stage(number: u8, name: &str) -> Result<Stage, String> {
    let stage = numbered_stage(number)?;
    if stage.name() == name { Ok(stage) } else { Err(format!("stage {number} is not called {name:?}")) }
}

fn duration(seconds: f64) -> Result<Duration, String> {
    if (0.0..=MAX_SECONDS).contains(&seconds) {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("its duration makes no sense".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(fields: &str) -> String {
        format!(r#"{{"version":1,"event":"end","stage":4,"name":"image",{fields}}}"#)
    }

    #[test]
    fn reads_what_the_runner_writes() {
        let begin = br#"{"version":1,"event":"begin","stage":4,"name":"image","time":1795329389}"#;
        let at = Timestamp::from_second(1_795_329_389).unwrap();
        assert_eq!(parse_event(begin).unwrap(), StageEvent::Begin { stage: Stage::Image, at });
        let line = end(r#""outcome":"failed","code":3,"seconds":1.5,"reason":"no\u001b[2J""#) + "\n";
        assert_eq!(
            parse_event(line.as_bytes()).unwrap(),
            StageEvent::End {
                stage: Stage::Image,
                outcome: Outcome::Failed { code: 3, reason: "no\\u{1b}[2J".into() },
                took: Duration::from_millis(1500),
            }
        );
        let finish = br#"{"version":1,"event":"finish","outcome":"done","stage":0,"seconds":60.25}"#;
        let took = Duration::from_millis(60_250);
        assert_eq!(parse_event(finish).unwrap(), StageEvent::Finish { failed: None, took });
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let long = "x".repeat(MAX_EVENT_BYTES);
        for bad in [
            String::new(),
            "null".into(),
            "[]".into(),
            "{".into(),
            "\u{1b}]0;pwned\u{7}".into(),
            r#"{"version":2,"event":"begin","stage":4,"name":"image","time":1}"#.into(),
            r#"{"version":1,"event":"begin","stage":8,"name":"image","time":1}"#.into(),
            r#"{"version":1,"event":"begin","stage":0,"name":"image","time":1}"#.into(),
            r#"{"version":1,"event":"begin","stage":4,"name":"start","time":1}"#.into(),
            r#"{"version":1,"event":"begin","stage":4,"name":"image","time":9e18}"#.into(),
            r#"{"version":1,"event":"begin","stage":4,"name":"image","time":1,"more":1}"#.into(),
            r#"{"version":1,"event":"begin","stage":4,"stage":5,"name":"image","time":1}"#.into(),
            r#"{"version":1,"event":"begin","stage":4,"name":"image","time":1} {}"#.into(),
            r#"{"version":1,"event":"other","stage":4,"name":"image","time":1}"#.into(),
            r#"{"version":1,"event":"finish","outcome":"done","stage":3,"seconds":1}"#.into(),
            r#"{"version":1,"event":"finish","outcome":"failed","stage":0,"seconds":1}"#.into(),
            end(r#""outcome":"done","code":1,"seconds":1,"reason":"""#),
            end(r#""outcome":"failed","code":0,"seconds":1,"reason":"""#),
            end(r#""outcome":"failed","code":256,"seconds":1,"reason":"""#),
            end(r#""outcome":"done","code":0,"seconds":-1,"reason":"""#),
            end(r#""outcome":"done","code":0,"seconds":1e300,"reason":"""#),
            end(&format!(r#""outcome":"done","code":0,"seconds":1,"reason":"{long}""#)),
        ] {
            let error = parse_event(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.len() < 1000 && !error.contains('\u{1b}'), "{bad:?} gave {error:?}");
        }
        assert!(parse_event(b"\xff").is_err());
    }

    #[test]
    fn a_reason_is_shortened() {
        let line = end(&format!(r#""outcome":"skipped","code":0,"seconds":0,"reason":"{}""#, "x".repeat(1000)));
        let StageEvent::End { outcome: Outcome::Skipped { reason }, .. } = parse_event(line.as_bytes()).unwrap() else {
            panic!("not a skipped stage");
        };
        assert_eq!(reason.chars().count(), MAX_REASON_CHARS + 1);
    }
}
