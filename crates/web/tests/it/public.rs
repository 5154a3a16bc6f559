//! What anybody may read.

use axum::http::{Method, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::world::{Sent, World};

pub(crate) async fn story(w: &mut World) {
    for path in [
        "/healthz",
        "/readyz",
        "/v1/info",
        "/v1/regions",
        "/v1/log/checkpoint",
        "/v1/public/appeals",
        "/v1/public/policies",
    ] {
        w.get("", path).await;
    }
    access(w).await;
    assert!(w.app.publish_numbers().await.unwrap());
    let numbers = w.get("", "/v1/public/numbers").await;
    assert_eq!(numbers.json["days"][0]["week"]["wrong"][0]["cause"], "correction");
    assert_eq!(numbers.headers[header::CACHE_CONTROL], "public, max-age=300");
    let mandate = w.get("", "/v1/mandate").await;
    assert_eq!(mandate.json["state"], "in_force", "{}", mandate.json);
    assert!(mandate.json["steps"][0]["note"].as_str().is_some_and(|n| n.contains("trial.invalid")));
    let keys = w.get("", "/v1/keys").await;
    assert_eq!(keys.json["keys"].as_array().unwrap().len(), 3);
    let policy = w.get("", "/v1/policy").await;
    let digest = policy.headers[header::ETAG].to_str().unwrap().trim_matches('"').to_owned();
    let same = w.get("", &format!("/v1/policies/{digest}")).await;
    assert_eq!(same.json, policy.json, "the file in force, by its digest");
    let found = w.get("", "/v1/divisions?q=%E8%A5%BF%E6%B9%96").await;
    assert!(found.json["results"].as_array().is_some_and(|all| !all.is_empty()), "{}", found.json);
    let children = w.get("", "/v1/divisions?parent=CN-33").await;
    assert_eq!(children.json["parent"], "CN-33");
    let leaves = w.get("", "/v1/log/leaves?from=0&limit=2").await;
    assert_eq!(leaves.json["leaves"].as_array().unwrap().len(), 2);
    let proof = w.get("", "/v1/log/proof/0").await;
    let proof = proof.json.as_str().unwrap().to_owned();
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\nindex 0\n"), "{proof}");
    // The log as files: what it was at size two is there for ever.
    for (path, status) in [("0/000.p/2", 200), ("entries/000.p/1", 200), ("0/999", 404)] {
        let path = format!("/v1/log/tile/{path}");
        let tile = w.send("", &Method::GET, &path, &Sent::Nothing).await;
        assert_eq!(tile.status.as_u16(), status, "{path}");
        let forever = tile.headers[header::CACHE_CONTROL].to_str().unwrap().contains("immutable");
        let bytes = tile.headers[header::CONTENT_TYPE] == "application/octet-stream";
        assert_eq!((forever, bytes), (status == 200, status == 200), "{path}");
    }
}

/// The table of powers: as data, as a page without a script, and its digest in the public log.
async fn access(w: &World) {
    let table = w.get("", "/v1/access").await;
    let rules = table.json["rules"].as_str().unwrap();
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, rules.as_bytes());
    assert_eq!(table.text("/digest"), STANDARD.encode(sum.as_ref()));
    let leaves = w.get("", "/v1/log/leaves?from=0&limit=50").await;
    let said = leaves.json["leaves"].as_array().unwrap().iter().filter_map(|l| {
        let leaf = STANDARD.decode(l["leaf"].as_str()?).ok()?;
        let leaf: serde_json::Value = serde_json::from_slice(&leaf).ok()?;
        (leaf["kind"] == "access_table").then(|| leaf["digest"].clone())
    });
    assert_eq!(said.collect::<Vec<_>>(), [table.json["digest"].clone()], "a leaf, and one only");
    for (path, words) in [("/access", "谁可以做什么"), ("/access/?lang=en", "Who may do what")]
    {
        let page = w.send("", &Method::GET, path, &Sent::Nothing).await;
        assert_eq!(page.status.as_u16(), 200);
        assert_eq!(page.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let csp = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(csp.contains("script-src 'self';") && !csp.contains("unsafe"), "{csp}");
        assert!(page.json.as_str().unwrap().contains(words), "{path}");
    }
    let style = w.send("", &Method::GET, "/access/page.css", &Sent::Nothing).await;
    assert_eq!(style.headers[header::CONTENT_TYPE], "text/css; charset=utf-8");
}
