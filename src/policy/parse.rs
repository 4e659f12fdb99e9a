//! From JSON to a compiled policy; every fault is reported, each with its place.

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use crate::names::ConditionKey;
use crate::source::Span;

use super::condition::{Comparison, Condition, Operator, Quantifier, Values};
use super::element::{
    ActionElement, ActionPattern, Effect, Policy, PolicyType, PrincipalElement, PrincipalEntry, ResourceElement, Sense,
    Statement, Version,
};
use super::error::{PolicyError, Problem};
use super::json::{JsonValue, parse_json, span_of};
use super::literal::{ArnPattern, Decimal, Moment, Network, is_base64};
use super::variable::{Wildcards, compile, compile_resource};

pub(super) fn parse(text: &str, kind: PolicyType) -> Result<Policy, Vec<PolicyError>> {
    let value = parse_json(text).map_err(|error| vec![error])?;
    from_json(&value, kind)
}

pub(super) fn from_json(value: &JsonValue<'_>, kind: PolicyType) -> Result<Policy, Vec<PolicyError>> {
    let mut reader = Reader { kind, version: Version::V2008, errors: Vec::new() };
    let policy = reader.policy(value);
    match policy {
        Some(policy) if reader.errors.is_empty() => Ok(policy),
        _ => Err(reader.errors),
    }
}

struct Reader {
    kind: PolicyType,
    version: Version,
    errors: Vec<PolicyError>,
}

/// A value as its text, where AWS takes text.
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
    span: Span,
}

impl Reader {
    fn fault(&mut self, problem: Problem, span: Span) {
        self.errors.push(PolicyError { problem, span });
    }

    fn wrong_type(&mut self, element: &str, expected: &'static str, span: Span) {
        self.fault(Problem::WrongType { element: element.to_owned(), expected }, span);
    }

    fn policy(&mut self, value: &Value<'_>) -> Option<Policy> {
        let span = span_of(value.range());
        let Some(object) = value.as_object() else {
            self.wrong_type("policy", "a JSON object", span);
            return None;
        };
        self.names(object, &["Version", "Id", "Statement"]);
        if let Some(version) = object.get("Version") {
            self.version = self.read_version(version);
        }
        if let Some(id) = object.get("Id").filter(|id| id.value.as_string_lit().is_none()) {
            self.wrong_type("Id", "a text", span_of(id.value.range()));
        }
        let Some(statement) = object.get("Statement") else {
            self.fault(Problem::Missing("`Statement`"), span);
            return None;
        };
        let statements: Vec<Statement> = match statement.value.as_array() {
            Some(array) => array.elements.iter().filter_map(|value| self.statement(value)).collect(),
            None => self.statement(&statement.value).into_iter().collect(),
        };
        self.unique_sids(&statements);
        Some(Policy { version: self.version, statements })
    }

    fn read_version(&mut self, property: &ObjectProp<'_>) -> Version {
        let span = span_of(property.value.range());
        match property.value.as_string_lit().map(|text| text.value.as_ref()) {
            Some("2012-10-17") => Version::V2012,
            Some("2008-10-17") => Version::V2008,
            Some(other) => {
                self.fault(Problem::BadValue { what: "version of the policy language", value: other.to_owned() }, span);
                Version::V2008
            }
            None => {
                self.wrong_type("Version", "`2012-10-17` or `2008-10-17`", span);
                Version::V2008
            }
        }
    }

    /// Reports names that occur twice or that are none of `known`.
    fn names(&mut self, object: &Object<'_>, known: &[&str]) {
        for (number, property) in object.properties.iter().enumerate() {
            let name = property.name.as_str();
            let span = span_of(property.range);
            if object.properties.iter().take(number).any(|earlier| earlier.name.as_str() == name) {
                self.fault(Problem::Duplicate(name.to_owned()), span);
            }
            if !known.is_empty() && !known.contains(&name) {
                self.fault(Problem::UnknownElement(name.to_owned()), span);
            }
        }
    }

    fn unique_sids(&mut self, statements: &[Statement]) {
        if self.kind == PolicyType::KeyPolicy {
            return;
        }
        for (number, statement) in statements.iter().enumerate() {
            let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty()) else { continue };
            if statements.iter().take(number).any(|earlier| earlier.sid.as_deref() == Some(sid)) {
                self.fault(Problem::DuplicateSid(sid.to_owned()), statement.span);
            }
        }
    }

    fn statement(&mut self, value: &Value<'_>) -> Option<Statement> {
        let span = span_of(value.range());
        let Some(object) = value.as_object() else {
            self.wrong_type("Statement", "an object or a list of objects", span);
            return None;
        };
        self.names(
            object,
            &[
                "Sid",
                "Effect",
                "Principal",
                "NotPrincipal",
                "Action",
                "NotAction",
                "Resource",
                "NotResource",
                "Condition",
            ],
        );
        let sid = object.get("Sid").and_then(|sid| self.sid(sid));
        let effect = self.effect(object, span);
        let principal = self.principal(object, span);
        let action = self.action(object, span);
        let resource = self.resource(object, span);
        let conditions = object.get("Condition").map(|block| self.conditions(&block.value)).unwrap_or_default();
        Some(Statement { sid, effect: effect?, principal, action: action?, resource, conditions, span })
    }

    fn sid(&mut self, property: &ObjectProp<'_>) -> Option<Box<str>> {
        let span = span_of(property.value.range());
        let Some(text) = property.value.as_string_lit() else {
            self.wrong_type("Sid", "a text", span);
            return None;
        };
        let iam = matches!(self.kind, PolicyType::Identity | PolicyType::Boundary | PolicyType::Session);
        if iam && !text.value.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            self.fault(
                Problem::BadValue {
                    what: "Sid of an IAM policy (letters and digits only)",
                    value: text.value.to_string(),
                },
                span,
            );
        }
        Some(text.value.as_ref().into())
    }

    fn effect(&mut self, object: &Object<'_>, statement: Span) -> Option<Effect> {
        let Some(property) = object.get("Effect") else {
            self.fault(Problem::Missing("`Effect`"), statement);
            return None;
        };
        match property.value.as_string_lit().map(|text| text.value.as_ref()) {
            Some("Allow") => return Some(Effect::Allow),
            Some("Deny") => return Some(Effect::Deny),
            Some(other) => {
                let problem = Problem::BadValue { what: "effect (`Allow` or `Deny`)", value: other.to_owned() };
                self.fault(problem, span_of(property.value.range()));
            }
            None => self.wrong_type("Effect", "`Allow` or `Deny`", span_of(property.value.range())),
        }
        None
    }

    /// The one of two elements that exclude each other which is there.
    fn either<'o, 'a>(
        &mut self,
        object: &'o Object<'a>,
        listed: &'static str,
        all_but: &'static str,
    ) -> Option<(Sense, &'o ObjectProp<'a>)> {
        match (object.get(listed), object.get(all_but)) {
            (Some(_), Some(again)) => {
                self.fault(Problem::Both(listed, all_but), span_of(again.range));
                None
            }
            (Some(property), None) => Some((Sense::Listed, property)),
            (None, Some(property)) => Some((Sense::AllBut, property)),
            (None, None) => None,
        }
    }

    fn action(&mut self, object: &Object<'_>, statement: Span) -> Option<ActionElement> {
        let faults = self.errors.len();
        let Some((sense, property)) = self.either(object, "Action", "NotAction") else {
            if self.errors.len() > faults {
                return None;
            }
            // KMS saves a key policy statement without Action, and it has no effect.
            if self.kind == PolicyType::KeyPolicy {
                return Some(ActionElement { sense: Sense::Listed, patterns: Vec::new(), span: statement });
            }
            self.fault(Problem::Missing("`Action` or `NotAction`"), statement);
            return None;
        };
        let mut patterns = Vec::new();
        for Text { text, span } in self.texts(property.name.as_str(), &property.value) {
            let named = text.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
            if !named && text != "*" {
                let what = "action (`service:Name` or `*`)";
                self.fault(Problem::BadValue { what, value: text.to_string() }, span);
                continue;
            }
            // No variables here, whatever the version.
            let lower = compile(&text.to_ascii_lowercase(), Wildcards::Free, Version::V2008, span);
            patterns.push(ActionPattern { written: text.into(), lower });
        }
        Some(ActionElement { sense, patterns, span: span_of(property.range) })
    }

    fn resource(&mut self, object: &Object<'_>, statement: Span) -> Option<ResourceElement> {
        let faults = self.errors.len();
        let Some((sense, property)) = self.either(object, "Resource", "NotResource") else {
            // KMS saves a key policy statement without Resource, and it has no effect.
            if self.kind != PolicyType::KeyPolicy && self.errors.len() == faults {
                self.fault(Problem::Missing("`Resource` or `NotResource`"), statement);
            }
            return None;
        };
        let (kind, version) = (self.kind, self.version);
        let texts = self.texts(property.name.as_str(), &property.value);
        let patterns = texts.iter().map(|Text { text, span }| compile_resource(text, kind, version, *span)).collect();
        Some(ResourceElement { sense, patterns, span: span_of(property.range) })
    }

    fn principal(&mut self, object: &Object<'_>, statement: Span) -> Option<PrincipalElement> {
        let faults = self.errors.len();
        let found = self.either(object, "Principal", "NotPrincipal");
        let policy = match self.kind {
            PolicyType::Identity => "an identity policy",
            PolicyType::Boundary => "a permissions boundary",
            PolicyType::Session => "a session policy",
            PolicyType::Scp => "an SCP",
            PolicyType::Rcp | PolicyType::KeyPolicy => {
                if found.is_none() && self.errors.len() == faults {
                    self.fault(Problem::Missing("`Principal` or `NotPrincipal`"), statement);
                }
                let (sense, property) = found?;
                return Some(self.principal_element(sense, property));
            }
        };
        if let Some((sense, property)) = found {
            let element = if sense == Sense::Listed { "Principal" } else { "NotPrincipal" };
            self.fault(Problem::Misplaced { element, policy }, span_of(property.range));
        }
        None
    }

    fn principal_element(&mut self, sense: Sense, property: &ObjectProp<'_>) -> PrincipalElement {
        let span = span_of(property.range);
        let name = property.name.as_str();
        let mut entries = Vec::new();
        match (property.value.as_string_lit(), property.value.as_object()) {
            (Some(text), _) if text.value == "*" => {
                entries.push((PrincipalEntry::Anyone, span_of(text.range)));
            }
            (_, Some(kinds)) => {
                self.names(kinds, &["AWS", "Service", "Federated", "CanonicalUser"]);
                for kind in &kinds.properties {
                    let label = kind.name.as_str();
                    for Text { text, span } in self.texts(label, &kind.value) {
                        let entry = match label {
                            "AWS" => PrincipalEntry::of_aws(&text),
                            "Service" => Some(PrincipalEntry::Service(text.as_ref().into())),
                            "Federated" => Some(PrincipalEntry::Federated(text.as_ref().into())),
                            _ => Some(PrincipalEntry::CanonicalUser(text.as_ref().into())),
                        };
                        match entry {
                            Some(entry) => entries.push((entry, span)),
                            None => self.fault(Problem::BadValue { what: "principal", value: text.to_string() }, span),
                        }
                    }
                }
            }
            _ => self.wrong_type(name, "`*` or an object", span_of(property.value.range())),
        }
        if self.kind == PolicyType::Rcp
            && (sense == Sense::AllBut || entries.iter().any(|(entry, _)| *entry != PrincipalEntry::Anyone))
        {
            self.wrong_type(name, "`\"Principal\": \"*\"` in an RCP", span);
        }
        PrincipalElement { sense, entries, span }
    }

    fn conditions(&mut self, value: &Value<'_>) -> Vec<Condition> {
        let Some(operators) = value.as_object() else {
            self.wrong_type("Condition", "an object", span_of(value.range()));
            return Vec::new();
        };
        self.names(operators, &[]);
        let mut conditions = Vec::new();
        for entry in &operators.properties {
            let name = entry.name.as_str();
            let Some(operator) = Operator::parse(name) else {
                let problem = Problem::BadValue { what: "condition operator", value: name.to_owned() };
                self.fault(problem, span_of(entry.range));
                continue;
            };
            let Some(keys) = entry.value.as_object() else {
                self.wrong_type(name, "an object of condition keys", span_of(entry.value.range()));
                continue;
            };
            self.names(keys, &[]);
            conditions.extend(keys.properties.iter().map(|key| self.condition(operator, key)));
        }
        conditions
    }

    fn condition(&mut self, operator: Operator, property: &ObjectProp<'_>) -> Condition {
        let span = span_of(property.range);
        let key = ConditionKey::new(property.name.as_str());
        let texts = self.texts(property.name.as_str(), &property.value);
        let single_only =
            key.lower().starts_with("kms:encryptioncontext:") || key.lower().starts_with("aws:requesttag/");
        if self.kind == PolicyType::KeyPolicy && operator.quantifier == Some(Quantifier::ForAllValues) && single_only {
            self.fault(Problem::ForAllValuesOnSingle(key.as_str().to_owned()), span);
        }
        let written = texts.iter().map(|text| text.text.as_ref().into()).collect();
        let values = self.values(operator.comparison, &texts);
        Condition { operator, key, written, values, span }
    }

    fn values(&mut self, comparison: Comparison, texts: &[Text<'_>]) -> Values {
        let version = self.version;
        let compiled = |wildcards| {
            Values::Text(texts.iter().map(|text| compile(&text.text, wildcards, version, text.span)).collect())
        };
        match comparison {
            Comparison::StringEquals
            | Comparison::StringNotEquals
            | Comparison::StringEqualsIgnoreCase
            | Comparison::StringNotEqualsIgnoreCase => compiled(Wildcards::Plain),
            Comparison::StringLike | Comparison::StringNotLike => compiled(Wildcards::Free),
            Comparison::NumericEquals
            | Comparison::NumericNotEquals
            | Comparison::NumericLessThan
            | Comparison::NumericLessThanEquals
            | Comparison::NumericGreaterThan
            | Comparison::NumericGreaterThanEquals => Values::Number(
                self.literals(texts, "number", |text| Decimal::parse(text).is_some().then(|| text.into())),
            ),
            Comparison::DateEquals
            | Comparison::DateNotEquals
            | Comparison::DateLessThan
            | Comparison::DateLessThanEquals
            | Comparison::DateGreaterThan
            | Comparison::DateGreaterThanEquals => Values::Date(self.literals(texts, "date", Moment::parse)),
            Comparison::Bool | Comparison::Null => {
                Values::Flag(texts.iter().map(|text| text.text.eq_ignore_ascii_case("true")).collect())
            }
            Comparison::BinaryEquals => {
                let valid = self.literals(texts, "base64 text", |text| is_base64(text).then(|| text.into()));
                Values::Binary(valid.into_iter().flatten().collect())
            }
            Comparison::IpAddress | Comparison::NotIpAddress => {
                Values::Address(self.literals(texts, "address or network", Network::parse))
            }
            Comparison::ArnEquals | Comparison::ArnNotEquals | Comparison::ArnLike | Comparison::ArnNotLike => {
                let compiled = self.literals(texts, "ARN", |text| {
                    Some(ArnPattern::compile(text, version, Span::default())).filter(|arn| *arn != ArnPattern::NotAnArn)
                });
                Values::Arn(compiled.into_iter().map(|arn| arn.unwrap_or(ArnPattern::NotAnArn)).collect())
            }
        }
    }

    /// Compiles literals; one that does not parse is refused, but in session policies, which AWS does not check.
    fn literals<T>(
        &mut self,
        texts: &[Text<'_>],
        what: &'static str,
        compile: impl Fn(&str) -> Option<T>,
    ) -> Vec<Option<T>> {
        let mut compiled = Vec::with_capacity(texts.len());
        for text in texts {
            let literal = compile(&text.text);
            if literal.is_none() && self.kind != PolicyType::Session {
                self.fault(Problem::BadValue { what, value: text.text.to_string() }, text.span);
            }
            compiled.push(literal);
        }
        compiled
    }

    /// A value or list of values as texts; booleans and numbers count as their text.
    fn texts<'v>(&mut self, element: &str, value: &'v Value<'_>) -> Vec<Text<'v>> {
        let Some(array) = value.as_array() else {
            return self.text(element, value).into_iter().collect();
        };
        if array.elements.is_empty() && self.kind != PolicyType::Session {
            self.fault(Problem::Empty(element.to_owned()), span_of(array.range));
        }
        array.elements.iter().filter_map(|value| self.text(element, value)).collect()
    }

    fn text<'v>(&mut self, element: &str, value: &'v Value<'_>) -> Option<Text<'v>> {
        let span = span_of(value.range());
        let text = match value {
            Value::StringLit(text) => text.value.as_ref().into(),
            Value::NumberLit(number) => number.value.into(),
            Value::BooleanLit(flag) => if flag.value { "true" } else { "false" }.into(),
            Value::Object(_) | Value::Array(_) | Value::NullKeyword(_) => {
                self.wrong_type(element, "a text or a list of texts", span);
                return None;
            }
        };
        Some(Text { text, span })
    }
}
