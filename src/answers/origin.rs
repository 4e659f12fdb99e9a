/// Where what was taken out of a text stands in it: layers from the outside in, each of pairs of a start within and
/// the same place outside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin(Vec<Vec<(usize, usize)>>);

impl Origin {
    /// The byte of the outermost text that stands at byte `inner` of the innermost.
    pub fn offset(&self, inner: usize) -> usize {
        self.0.iter().rev().fold(inner, |inner, layer| {
            let next = layer.partition_point(|(start, _)| *start <= inner);
            let piece = next.checked_sub(1).and_then(|place| layer.get(place));
            piece.map_or(inner, |(start, outside)| outside + (inner - start))
        })
    }

    /// Something taken out of the innermost text, by its pieces.
    pub(super) fn inside(mut self, pieces: Vec<(usize, usize)>) -> Self {
        self.0.push(pieces);
        self
    }
}

/// The pieces of the text that a JSON string stands for: an escape of several characters is one of it. `at`: where the
/// string's opening mark stands.
pub(super) fn unescaped(string: &str, at: usize) -> Vec<(usize, usize)> {
    let mut pieces = vec![(0, at + 1)];
    let mut inner = 0;
    let mut signs = string.char_indices().skip(1);
    while let Some((place, sign)) = signs.next() {
        if sign != '\\' {
            inner += sign.len_utf8();
            continue;
        }
        let is_code = signs.next().is_some_and(|(_, kind)| kind == 'u');
        let code = if is_code { string.get(place + 2..place + 6) } else { None };
        inner += match code.and_then(|code| u32::from_str_radix(code, 16).ok()) {
            None | Some(..0x80) => 1,
            Some(0x80..0x800) => 2,
            // Both halves of a pair are one character.
            Some(0xd800..0xdc00) => 4,
            Some(0xdc00..0xe000) => 0,
            Some(_) => 3,
        };
        if is_code {
            let _ = signs.nth(3);
        }
        pieces.push((inner, at + place + if is_code { 6 } else { 2 }));
    }
    pieces
}
