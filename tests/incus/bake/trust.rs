//! Which images guests are made from: none that podclaw did not bake, whatever its properties say.

use serde_json::{Value, json};

use super::{bake, baked};
use crate::harness::{Daemon, Gateway, Lab, tiny};
use crate::launches::ready;

/// What the project says.
fn note(lab: &Lab) -> Value {
    lab.daemon().get(&format!("/1.0/projects/{}", lab.name()))["config"]["user.podclaw.baked"].clone()
}

/// What audit finds wrong with images.
fn found(lab: &Lab) -> Vec<String> {
    let audit = lab.podclaw(&["audit", "--format", "json"]).run().json();
    let findings = audit["findings"].as_array().cloned().unwrap_or_default();
    let of_images = findings.iter().filter(|finding| finding["rule"] == "live-image");
    of_images.map(|finding| finding["subject"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Puts another image into the project, as anybody can who may write images there, and gives it these properties.
fn plant(lab: &Lab, properties: &Value) -> String {
    lab.incus(&["image", "import"]).arg(tiny::image()).args(&["--alias", "planted"]).run().ok();
    for (key, value) in properties.as_object().expect("properties") {
        lab.incus(&["image", "set-property", "planted", key, value.as_str().expect("text")]).run().ok();
    }
    let images = lab.daemon().get(&format!("/1.0/images/aliases/planted?project={}", lab.name()));
    images["target"].as_str().expect("a fingerprint").to_owned()
}

pub(super) fn only_what_the_project_names_is_used(daemon: &Daemon) {
    let lab = ready(daemon, Gateway::Works, "");
    bake(&lab).ok();
    let [image] = &*baked(&lab) else { panic!("not one image: {:?}", baked(&lab)) };
    let fingerprint = image["fingerprint"].as_str().expect("a fingerprint");
    let key = image["properties"]["user.podclaw.bake"].as_str().expect("a key");
    assert_eq!(note(&lab), json!(format!("{key}={fingerprint}")));
    // `init` writes all of the project, and keeps it.
    lab.incus(&["project", "set", lab.name(), "restricted.backups=allow"]).run().ok();
    lab.podclaw(&["init"]).run().ok();
    assert!(note(&lab).is_string());
    assert_eq!(found(&lab), Vec::<String>::new());

    // One with all properties of the true one, and then in its place.
    let planted = plant(&lab, &image["properties"]);
    assert_eq!(found(&lab), ["baked"]);
    let there = bake(&lab).exits(0).stdout;
    assert!(there.contains(fingerprint) && there.contains("is there already"), "{there}");
    lab.incus(&["image", "delete", fingerprint]).run().ok();
    let listed = lab.podclaw(&["image", "list", "--format", "json"]).run().json();
    let planted_one = listed["images"].as_array().into_iter().flatten().find(|image| image["digest"] == planted);
    assert_eq!(planted_one.map(|image| &image["locked"]), Some(&json!(false)), "{listed}");
    let made = bake(&lab).exits(0).stdout;
    assert!(made.contains("is made") && !made.contains(&planted), "{made}");
    let [again] = &*baked(&lab) else { panic!("the planted one is left: {:?}", baked(&lab)) };
    assert!(made.contains(again["fingerprint"].as_str().expect("a fingerprint")), "{made}");

    // What a killed bake left in the daemon has no key: the next bake removes it. What is deleted is named no more.
    lab.podclaw(&["image", "delete", again["fingerprint"].as_str().expect("a fingerprint")]).run().ok();
    assert_eq!(note(&lab), Value::Null);
    let mut unfinished = image["properties"].clone();
    unfinished.as_object_mut().expect("properties").remove("user.podclaw.bake");
    let planted = plant(&lab, &unfinished);
    bake(&lab).ok();
    let images = lab.daemon().get(&format!("/1.0/images?project={}", lab.name())).to_string();
    assert!(!images.contains(&planted), "the image of the killed bake is left: {images}");
}
