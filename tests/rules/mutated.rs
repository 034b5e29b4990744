//! Files with bytes changed at random: whatever they are, they are judged, and nothing panics.

use super::judge;

/// How many files are judged.
const TRIALS: u64 = 4_000;

const SEEDS: [(&str, &str); 7] = [
    ("a.container", include_str!("../../cloud-init/files/openclaw.container")),
    (
        "a.container.d/x.conf",
        "[Container]\nPodmanArgs=\"--a\" 'b' \\x41 -m 1g\nVolume=a:/b:ro\nPublishPort=[::1]:1-2:3-4/udp\n",
    ),
    ("openclaw.json", include_str!("../../cloud-init/files/openclaw.json")),
    ("apparmor/pasta", include_str!("../../apparmor/pasta")),
    ("package.json", include_str!("../../image/gateway/package.json")),
    ("podclaw.lock", include_str!("../../podclaw.lock")),
    (
        "podclaw.yaml",
        "name: t1\npool: {driver: dir, size: 5GiB}\nlimits:\n  memory: 90%\n  disk: 9GiB\nprofiles: [guest]\nnetwork:\n  subnet: 10.0.0.1/24\n",
    ),
];

/// What may be put in.
const PIECES: [&str; 28] = [
    "\\",
    "\"",
    "'",
    "\n",
    "\r",
    "\t",
    "\0",
    "%",
    "$",
    "{",
    "}",
    "[",
    "]",
    ":",
    "=",
    ",",
    "#",
    "@",
    "*",
    "&",
    "!",
    "-",
    "0",
    "é",
    "\u{85}",
    "\u{feff}",
    "\u{1f600}",
    "\\ud83d",
];

#[test]
fn nothing_panics() {
    // A generator of numbers that is the same each time, so that a failure comes back.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    for trial in 0..TRIALS {
        let (name, seed) = SEEDS[usize::try_from(trial).unwrap() % SEEDS.len()];
        let mut chars: Vec<char> = seed.chars().collect();
        for _ in 0..=random(6) {
            let at = random(chars.len());
            match random(4) {
                0 => drop(chars.drain(at..(at + random(8)).min(chars.len()))),
                1 => {
                    let piece: Vec<char> = PIECES[random(PIECES.len())].chars().collect();
                    chars.splice(at..at, piece);
                }
                2 => {
                    let copy: Vec<char> = chars[at..(at + random(40)).min(chars.len())].to_vec();
                    let to = random(chars.len());
                    chars.splice(to..to, copy);
                }
                _ => chars.truncate(at.max(1)),
            }
        }
        let text: String = chars.into_iter().collect();
        let report = judge(&[(name, &text)], None);
        for finding in &report.findings {
            let place = finding.place().unwrap();
            assert!(place.span.end <= place.source.text.len() && !finding.message.is_empty(), "{trial}: {finding:?}");
            assert!(!finding.message.contains(|c: char| c.is_control() && c != '\t'), "{trial}: {finding:?}");
        }
    }
}
