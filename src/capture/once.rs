//! Maps in which each name stands once: of two values nobody knows which is meant.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::fact::Fact;

struct Once<K, V>(BTreeMap<K, V>);

impl<'de, K: Deserialize<'de> + Ord + Display, V: Deserialize<'de>> Deserialize<'de> for Once<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OnceVisitor(PhantomData))
    }
}

struct OnceVisitor<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Ord + Display, V: Deserialize<'de>> Visitor<'de> for OnceVisitor<K, V> {
    type Value = Once<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some(name) = members.next_key::<K>()? {
            if map.contains_key(&name) {
                return Err(A::Error::custom(format!("the name `{name}` stands twice in one object")));
            }
            map.insert(name, members.next_value()?);
        }
        Ok(Once(map))
    }
}

pub(super) fn map<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + Display,
    V: Deserialize<'de>,
{
    Once::deserialize(deserializer).map(|once| once.0)
}

pub(super) fn optional<'de, D, K, V>(deserializer: D) -> Result<Option<BTreeMap<K, V>>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + Display,
    V: Deserialize<'de>,
{
    Option::<Once<K, V>>::deserialize(deserializer).map(|once| once.map(|once| once.0))
}

pub(super) fn reading<'de, D, K, V>(deserializer: D) -> Result<Fact<BTreeMap<K, V>>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord + Display,
    V: Deserialize<'de>,
{
    Fact::<Once<K, V>>::deserialize(deserializer).map(|reading| reading.map(|once| once.0))
}
