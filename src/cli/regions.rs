//! The names of AWS's Regions, for a word on one that is misspelled.

use crate::names::Region;

use super::failure::CliError;

/// The Regions of all partitions. One that is newer than this list is taken as it is.
///
/// Source: <https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-west-1",
    "us-west-2",
];

/// Reads a Region that was typed.
///
/// # Errors
/// What is not a name of a Region, and what is none of the known ones but spelled almost like one.
pub(super) fn region(text: &str) -> Result<Region, CliError> {
    let lower = text.trim().to_ascii_lowercase();
    let known = Region::parse(&lower).ok();
    if let Some(region) = known.as_ref().filter(|region| REGIONS.contains(&region.as_str())) {
        return Ok(region.clone());
    }
    let distance = |name: &&&str| strsim::damerau_levenshtein(&lower, name);
    let near = REGIONS.iter().min_by_key(distance).filter(|name| distance(name) <= 2);
    match (near, known) {
        // A number is all that tells Regions of one place apart, and there may be a new one.
        (Some(near), Some(region)) if same_but_for_number(near, region.as_str()) => Ok(region),
        (None, Some(region)) => Ok(region),
        (Some(near), _) => {
            let message = format!("`{text}` is not a Region");
            Err(CliError::bad_input("malformed-region", message, format!("did you mean {near}?")))
        }
        (None, None) => {
            let message = format!("`{text}` is not a Region");
            Err(CliError::bad_input("malformed-region", message, "give its name as in eu-central-1"))
        }
    }
}

fn same_but_for_number(one: &str, other: &str) -> bool {
    let place = |name: &str| name.trim_end_matches(|sign: char| sign.is_ascii_digit()).to_owned();
    place(one) == place(other)
}
