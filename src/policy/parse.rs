//! From JSON to a compiled policy; every fault is reported, each with its place.

use std::collections::BTreeSet;

use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;

use crate::document::Span;
use crate::limits::{POLICY_BYTES, STATEMENTS};
use crate::names::ConditionKey;

use super::condition::{Comparison, Condition, Form, Operator, Quantifier, Values};
use super::element::{
    ActionElement, ActionPattern, Effect, Polarity, Policy, PolicyType, PrincipalElement, PrincipalEntry,
    ResourceElement, Statement, Version,
};
use super::error::{PolicyError, Problem};
use super::json::{JsonValue, parse_json, span_of};
use super::literal::{ArnPattern, Decimal, Moment, Network, is_base64};
use super::variable::{Wildcards, compile, compile_resource};

impl Policy {
    /// Reads and compiles a policy document of type `kind`.
    ///
    /// # Errors
    /// Everything for which AWS refuses to save such a policy, each with its place in `text`.
    pub fn parse(text: &str, kind: PolicyType) -> Result<Self, Vec<PolicyError>> {
        if POLICY_BYTES.is_past(text.len()) {
            return Err(vec![PolicyError {
                problem: Problem::Unbounded(POLICY_BYTES.to_string()),
                span: Span::default(),
            }]);
        }
        let value = parse_json(text).map_err(|error| vec![error])?;
        Self::from_json(&value, kind)
    }

    /// Compiles a policy document that is part of a larger JSON text; spans are of that text.
    ///
    /// # Errors
    /// As [`Policy::parse`].
    pub fn from_json(value: &JsonValue<'_>, kind: PolicyType) -> Result<Self, Vec<PolicyError>> {
        let mut reader = PolicyParser { kind, version: Version::V2008, errors: Vec::new() };
        match reader.policy(value) {
            Some(policy) if reader.errors.is_empty() => Ok(policy),
            _ => Err(reader.errors),
        }
    }
}

const STATEMENT: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Two elements that exclude each other, and how to say that one of them is missing.
type Either = [&'static str; 3];

const PRINCIPAL: Either = ["Principal", "NotPrincipal", "`Principal` or `NotPrincipal`"];
const ACTION: Either = ["Action", "NotAction", "`Action` or `NotAction`"];
const RESOURCE: Either = ["Resource", "NotResource", "`Resource` or `NotResource`"];

struct PolicyParser {
    kind: PolicyType,
    version: Version,
    errors: Vec<PolicyError>,
}

/// A value as its text, where AWS takes text.
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
    span: Span,
}

impl PolicyParser {
    fn fault(&mut self, problem: Problem, span: Span) {
        self.errors.push(PolicyError { problem, span });
    }

    fn wrong_type(&mut self, element: &str, expected: &'static str, span: Span) {
        self.fault(Problem::WrongType { element: element.to_owned(), expected }, span);
    }

    fn bad_value(&mut self, what: &'static str, value: &str, span: Span) {
        self.fault(Problem::BadValue { what, value: value.to_owned() }, span);
    }

    fn policy(&mut self, value: &Value<'_>) -> Option<Policy> {
        let span = span_of(value.range());
        let Some(object) = value.as_object() else {
            self.wrong_type("policy", "a JSON object", span);
            return None;
        };
        self.names(object, &["Version", "Id", "Statement"]);
        let versions = [("2012-10-17", Version::V2012), ("2008-10-17", Version::V2008)];
        let what = "version of the policy language";
        let version = object.get("Version");
        let version = version.and_then(|version| self.one_of(version, &versions, what, "`2012-10-17` or `2008-10-17`"));
        self.version = version.unwrap_or(Version::V2008);
        if let Some(id) = object.get("Id") {
            self.string(id, "a text");
        }
        let Some(statement) = object.get("Statement") else {
            self.fault(Problem::Missing("`Statement`"), span);
            return None;
        };
        let count = statement.value.as_array().map_or(1, |array| array.elements.len());
        if STATEMENTS.is_past(count) {
            self.fault(Problem::Unbounded(STATEMENTS.to_string()), span_of(statement.value.range()));
            return None;
        }
        let statements: Vec<Statement> = match statement.value.as_array() {
            Some(array) => array.elements.iter().filter_map(|value| self.statement(value)).collect(),
            None => self.statement(&statement.value).into_iter().collect(),
        };
        self.unique_sids(&statements);
        Some(Policy { kind: self.kind, version: self.version, statements })
    }

    /// The text of an element that must be one.
    fn string<'o>(&mut self, property: &'o ObjectProp<'_>, expected: &'static str) -> Option<&'o str> {
        let text = property.value.as_string_lit().map(|text| text.value.as_ref());
        if text.is_none() {
            self.wrong_type(property.name.as_str(), expected, span_of(property.value.range()));
        }
        text
    }

    /// What the text of an element means that must be one of few.
    fn one_of<T: Copy>(
        &mut self,
        property: &ObjectProp<'_>,
        meanings: &[(&str, T)],
        what: &'static str,
        expected: &'static str,
    ) -> Option<T> {
        let text = self.string(property, expected)?;
        let found = meanings.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            self.bad_value(what, text, span_of(property.value.range()));
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// Reports names that occur twice or that are none of `known`.
    fn names(&mut self, object: &Object<'_>, known: &[&str]) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for property in &object.properties {
            let name = property.name.as_str();
            let span = span_of(property.range);
            if !seen.insert(name) {
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
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for statement in statements {
            let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty()) else { continue };
            if !seen.insert(sid) {
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
        self.names(object, &STATEMENT);
        let sid = object.get("Sid").and_then(|sid| self.sid(sid));
        let effect = self.effect(object, span);
        let principal = self.principal(object, span);
        let action = self.action(object, span);
        let resource = self.resource(object, span);
        let conditions = object.get("Condition").map(|block| self.conditions(&block.value)).unwrap_or_default();
        Some(Statement { sid, effect: effect?, principal, action: action?, resource, conditions, span })
    }

    fn sid(&mut self, property: &ObjectProp<'_>) -> Option<Box<str>> {
        let text = self.string(property, "a text")?;
        let iam = matches!(self.kind, PolicyType::Identity | PolicyType::Boundary | PolicyType::Session);
        if iam && !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let what = "Sid of an IAM policy (letters and digits only)";
            self.bad_value(what, text, span_of(property.value.range()));
        }
        Some(text.into())
    }

    fn effect(&mut self, object: &Object<'_>, statement: Span) -> Option<Effect> {
        let Some(property) = object.get("Effect") else {
            self.fault(Problem::Missing("`Effect`"), statement);
            return None;
        };
        let effects = [("Allow", Effect::Allow), ("Deny", Effect::Deny)];
        self.one_of(property, &effects, "effect (`Allow` or `Deny`)", "`Allow` or `Deny`")
    }

    /// The one of two elements which is there; a fault where both are, or `needed_by` a statement neither.
    fn either<'o, 'a>(
        &mut self,
        object: &'o Object<'a>,
        [listed, all_but, one_of_them]: Either,
        needed_by: Option<Span>,
    ) -> Option<(Polarity, &'o ObjectProp<'a>)> {
        match (object.get(listed), object.get(all_but)) {
            (Some(_), Some(again)) => self.fault(Problem::Both(listed, all_but), span_of(again.range)),
            (Some(property), None) => return Some((Polarity::Positive, property)),
            (None, Some(property)) => return Some((Polarity::Negated, property)),
            (None, None) => self.fault(Problem::Missing(one_of_them), needed_by?),
        }
        None
    }

    /// KMS saves key policy statements without Action or Resource, and they have no effect.
    fn unless_key_policy(&self, statement: Span) -> Option<Span> {
        (self.kind != PolicyType::KeyPolicy).then_some(statement)
    }

    fn action(&mut self, object: &Object<'_>, statement: Span) -> Option<ActionElement> {
        let needed_by = self.unless_key_policy(statement);
        let Some((sense, property)) = self.either(object, ACTION, needed_by) else {
            let is_left_out = needed_by.is_none() && object.get("Action").is_none();
            return is_left_out.then(|| ActionElement {
                sense: Polarity::Positive,
                patterns: Vec::new(),
                span: statement,
            });
        };
        let mut patterns = Vec::new();
        for Text { text, span } in self.texts(property.name.as_str(), &property.value) {
            // AWS takes `*:*` for `*`, and no other wildcard for a service.
            let named = text.split_once(':').is_some_and(|(service, name)| {
                !service.is_empty() && !service.contains(['*', '?']) && !name.is_empty() && !name.contains(':')
            });
            if !named && text != "*" && text != "*:*" {
                self.bad_value("action (`service:Name` or `*`)", &text, span);
                continue;
            }
            // No variables here, whatever the version.
            let lower = compile(&text.to_ascii_lowercase(), Wildcards::Free, Version::V2008, span);
            patterns.push(ActionPattern { written: text.into(), lower });
        }
        Some(ActionElement { sense, patterns, span: span_of(property.range) })
    }

    fn resource(&mut self, object: &Object<'_>, statement: Span) -> Option<ResourceElement> {
        let (sense, property) = self.either(object, RESOURCE, self.unless_key_policy(statement))?;
        let (kind, version) = (self.kind, self.version);
        let texts = self.texts(property.name.as_str(), &property.value);
        let patterns = texts.iter().map(|Text { text, span }| compile_resource(text, kind, version, *span)).collect();
        Some(ResourceElement { sense, patterns, span: span_of(property.range) })
    }

    fn principal(&mut self, object: &Object<'_>, statement: Span) -> Option<PrincipalElement> {
        let policy = match self.kind {
            PolicyType::Identity => "an identity policy",
            PolicyType::Boundary => "a permissions boundary",
            PolicyType::Session => "a session policy",
            PolicyType::Scp => "an SCP",
            PolicyType::Rcp | PolicyType::KeyPolicy => {
                let (sense, property) = self.either(object, PRINCIPAL, Some(statement))?;
                return Some(self.principal_element(sense, property));
            }
        };
        let (sense, property) = self.either(object, PRINCIPAL, None)?;
        let element = if sense == Polarity::Positive { "Principal" } else { "NotPrincipal" };
        self.fault(Problem::Misplaced { element, policy }, span_of(property.range));
        None
    }

    fn principal_element(&mut self, sense: Polarity, property: &ObjectProp<'_>) -> PrincipalElement {
        let span = span_of(property.range);
        let name = property.name.as_str();
        let mut entries = Vec::new();
        match (property.value.as_string_lit(), property.value.as_object()) {
            (Some(text), _) if text.value == "*" => {
                entries.push((PrincipalEntry::Anyone, span_of(text.range)));
            }
            (_, Some(kinds)) => {
                self.names(kinds, &["AWS", "Service", "Federated", "CanonicalUser"]);
                if kinds.properties.is_empty() {
                    self.fault(Problem::Empty(name.to_owned()), span);
                }
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
                            None => self.bad_value("principal", &text, span),
                        }
                    }
                }
            }
            _ => self.wrong_type(name, "`*` or an object", span_of(property.value.range())),
        }
        if self.kind == PolicyType::Rcp
            && (sense == Polarity::Negated || entries.iter().any(|(entry, _)| *entry != PrincipalEntry::Anyone))
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
                self.bad_value("condition operator", name, span_of(entry.range));
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
        match comparison.form() {
            Form::Exact => compiled(Wildcards::Plain),
            Form::Like => compiled(Wildcards::Free),
            Form::Number => Values::Number(
                self.literals(texts, "number", |text| Decimal::parse(text).is_some().then(|| text.into())),
            ),
            Form::Date => Values::Date(self.literals(texts, "date", Moment::parse)),
            Form::Flag => Values::Flag(texts.iter().map(|text| text.text.eq_ignore_ascii_case("true")).collect()),
            Form::Binary => {
                // STS refuses this one in session policies, too.
                for text in texts.iter().filter(|text| !is_base64(&text.text)) {
                    self.bad_value("base64 text", &text.text, text.span);
                }
                Values::Binary(texts.iter().map(|text| text.text.as_ref().into()).collect())
            }
            Form::Address => {
                let is_of_iam = matches!(self.kind, PolicyType::Identity | PolicyType::Boundary);
                let read = |text: &str| Network::parse(text).filter(|net| !is_of_iam || *net != Network::Empty);
                Values::Address(self.literals(texts, "address or network", read))
            }
            Form::Arn => {
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
                self.bad_value(what, &text.text, text.span);
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
