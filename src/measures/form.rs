//! Measures in JSON: a layer's numbers by its labels, each under the name that tables have for it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Estimated, Information, Label, LayerMeasures, Measure, Order};

/// A layer as it is written.
#[derive(Serialize, Deserialize)]
pub(super) struct LayerForm {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layer: Option<usize>,
    entropy: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entropy_spread: Option<f64>,
    #[serde(deserialize_with = "known")]
    labels: BTreeMap<Label, Information>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "known")]
    optimality: BTreeMap<Order, Estimated>,
}

impl From<LayerMeasures> for LayerForm {
    fn from(measures: LayerMeasures) -> Self {
        let LayerMeasures { layer, entropy, information: labels, optimality } = measures;
        Self { layer, entropy: entropy.value, entropy_spread: entropy.spread, labels, optimality }
    }
}

impl From<LayerForm> for LayerMeasures {
    fn from(form: LayerForm) -> Self {
        let LayerForm { layer, entropy, entropy_spread, labels: information, optimality } = form;
        Self { layer, entropy: Estimated { value: entropy, spread: entropy_spread }, information, optimality }
    }
}

impl Serialize for Information {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values =
            Measure::ALL.into_iter().filter_map(|measure| Some((measure.name(), self.get(measure)?)));
        serializer.collect_map(values)
    }
}

impl<'de> Deserialize<'de> for Information {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values: BTreeMap<Measure, f64> = known(deserializer)?;
        Self::from_values(|measure| values.get(&measure).copied())
            .map_err(|missing| D::Error::missing_field(missing.name()))
    }
}

/// Reads a map by its keys; those of no label, order or measure there is are passed over, as unknown fields are.
///
/// # Errors
/// A value of another kind.
pub fn known<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: FromStr + Ord,
    V: Deserialize<'de>,
{
    struct Known<K, V>(PhantomData<(K, V)>);

    impl<'de, K: FromStr + Ord, V: Deserialize<'de>> Visitor<'de> for Known<K, V> {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of names to values")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut found = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                match name.parse() {
                    Ok(key) => drop(found.insert(key, map.next_value()?)),
                    Err(_) => drop(map.next_value::<IgnoredAny>()?),
                }
            }
            Ok(found)
        }
    }

    deserializer.deserialize_map(Known(PhantomData))
}
