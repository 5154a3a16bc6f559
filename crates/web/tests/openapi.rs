//! The generated API document is a contract: a change of it is seen in review.

#[test]
fn the_document_is_as_reviewed() {
    insta::assert_snapshot!("openapi", jadegate_web::openapi().to_pretty_json().unwrap());
}

#[test]
fn no_operation_sets_a_colour() {
    let document = jadegate_web::openapi().to_json().unwrap();
    let value: serde_json::Value = serde_json::from_str(&document).unwrap();
    let paths = value["paths"].as_object().unwrap();
    assert!(paths.len() > 40);
    for (path, operations) in paths {
        // How far a recolouring has come may be read.
        let named = path.contains("colour") || path.contains("color");
        let only_read = operations.as_object().unwrap().keys().all(|method| method == "get");
        assert!(!named || only_read, "{path}");
        for (_, operation) in operations.as_object().unwrap() {
            let schema =
                operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            let Some(name) = schema.and_then(|s| s.rsplit('/').next()) else { continue };
            let properties = &value["components"]["schemas"][name]["properties"];
            assert!(properties.get("colour").is_none(), "{path} takes a colour");
        }
    }
}
