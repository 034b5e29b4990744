//! What is worth something elsewhere, and does not end with the lab: by name, never by value.

use serde::Serialize;

use super::plan::{Kind, WipePlan};
use crate::incus::{Certificate, Collection, Grant};
use crate::lab::Lab;
use crate::text;

/// Something to be revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Revocation {
    /// What it is.
    pub what: String,
    /// How.
    pub how: String,
}

/// What is to be revoked once what is planned is deleted. What the daemon does not say is not in it.
pub async fn revocations(lab: &Lab, plan: &WipePlan) -> Vec<Revocation> {
    let mut all = Vec::new();
    let guests: Vec<&str> =
        plan.doomed().filter(|step| step.kind == Kind::Guest).map(|step| step.name.as_str()).collect();
    if !guests.is_empty() {
        let names = some(&guests);
        all.push(Revocation {
            what: format!("the model keys, and all other credentials, that were given to the gateways of {names}"),
            how: "at whoever issued them: the gateway could read and send all of them".into(),
        });
        all.push(Revocation {
            what: format!("the gateway tokens of {names}"),
            how: "they open nothing any more; take them out of where they were pasted".into(),
        });
    }
    let is_labs = |it: &Certificate| it.projects.iter().any(|project| project == lab.project.as_str());
    let certificates = lab.client.list::<Certificate>(&Collection::certificates()).await.unwrap_or_default();
    all.extend(certificates.iter().filter(|it| is_labs(it)).map(|it| {
        let short = text::excerpt(it.fingerprint.get(..12).unwrap_or(&it.fingerprint), 12);
        Revocation {
            what: format!(
                "the certificate {:?} ({short}), which the daemon trusts with this project",
                text::excerpt(&it.name, 64)
            ),
            how: format!("`incus config trust remove {short}`"),
        }
    }));
    let tokens = lab.client.tokens().await.unwrap_or_default();
    all.extend(tokens.iter().filter_map(|token| match &token.grants {
        Grant::Trust(it) if is_labs(it) => Some(Revocation {
            what: format!("the token for {:?}, which waits for whoever has it", text::excerpt(&it.name, 64)),
            how: format!("`incus operation delete {}`", text::excerpt(&token.operation, 36)),
        }),
        _ => None,
    }));
    all
}

fn some(names: &[&str]) -> String {
    const MOST: usize = 6;
    let mut shown: Vec<String> = names.iter().take(MOST).map(|name| text::excerpt(name, 64)).collect();
    if names.len() > MOST {
        shown.push(format!("{} more", names.len() - MOST));
    }
    shown.join(", ")
}
