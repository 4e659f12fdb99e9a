use serde_json::{Value, json};

/// What describe-instances printed, as it would have been of each of its instances alone.
pub(super) fn instances(output: &Value) -> impl Iterator<Item = (&str, String)> {
    let reservations = output.get("Reservations").and_then(Value::as_array).into_iter().flatten();
    reservations.flat_map(|reservation| {
        let owner = reservation.get("OwnerId");
        let instances = reservation.get("Instances").and_then(Value::as_array).into_iter().flatten();
        instances.map(move |instance| {
            let id = instance.get("InstanceId").and_then(Value::as_str).unwrap_or_default();
            (id, json!({ "Reservations": [{ "OwnerId": owner, "Instances": [instance] }] }).to_string())
        })
    })
}
