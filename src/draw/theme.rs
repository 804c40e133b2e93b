//! Colour roles: what a painted thing is, the style sheet's token for it, and nothing about the
//! colour itself. This table is the only place that names tokens; colours live in the style sheet.

/// One of the 24 hues of the flame palette. Equal modules have equal hues everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hue(u8);

impl Hue {
    /// Number of hues.
    pub const COUNT: u8 = 24;

    /// The hue of a module, from its name alone: the same in every recording, view and session.
    ///
    /// FNV-1a takes the name in and a multiply-and-shift finish mixes it, since names of modules
    /// share long beginnings and FNV alone leaves the high bits of short names alike.
    pub fn of(module: &str) -> Self {
        let taken = module
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mixed = (taken ^ (taken >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self((((mixed >> 32) * u64::from(Self::COUNT)) >> 32) as u8)
    }

    /// The hue by number; numbers outside 1 to 24 wrap around.
    pub fn new(number: u8) -> Self {
        Self((number + Self::COUNT - 1) % Self::COUNT)
    }

    /// Its number, 1 to 24, as in the token's name.
    pub fn number(self) -> u8 {
        self.0 + 1
    }
}

/// What something is painted as. Within a layer of a picture, paints are laid down in the order of
/// this table, so that a role further down covers one further up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Paint(u8);

/// A row of the table: the token and how opaque the role lays it on.
struct Role {
    token: &'static str,
    alpha: f64,
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident $token:literal $alpha:literal)*) => {
        #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "row numbers, named like the constants they give")]
        #[repr(u8)]
        enum Row { $($name,)* END }

        impl Paint {
            $($(#[$doc])* pub const $name: Self = Self(Row::$name as u8);)*
        }

        static ROLES: [Role; Row::END as usize] = [$(Role { token: $token, alpha: $alpha },)*];
    };
}

roles! {
    /// The panel that a canvas lies on, and the gaps between boxes.
    GROUND "--surface-1" 1.0
    /// Lines of the time axis.
    GRID "--border-1" 1.0
    /// Where activity is drawn; shows where a thread was idle.
    TRACK "--surface-0" 1.0
    /// Activity: one's own code.
    STATE_OWN "--state-active" 1.0
    /// Activity: dependencies, the same hue as one's own code and paler.
    STATE_DEPENDENCY "--state-active" 0.5
    /// Activity: runtime and standard library.
    STATE_RUNTIME "--state-runtime" 1.0
    /// Below the levels of a lane.
    LANE "--state-native" 0.22
    /// Activity: native code, and the levels of lanes.
    STATE_NATIVE "--state-native" 1.0
    /// Activity: the kernel.
    STATE_KERNEL "--state-kernel" 1.0
    /// Activity: native or unknown.
    STATE_PROGRAM "--state-program" 1.0
    /// Activity: garbage collection.
    STATE_GC "--state-gc" 1.0
    /// The line that activity stands on.
    TRACK_LINE "--border-2" 1.0
    /// Behind a stall, over its activity.
    STALL_TINT "--sev-high" 0.1
    /// A loop busy with many short calls.
    LOOP_BUSY "--sev-medium" 0.7
    /// A short stall, next to the longest in view.
    STALL_1 "--sev-high" 0.55
    /// A stall up to half as long as the longest.
    STALL_2 "--sev-high" 0.7
    /// A stall up to three quarters as long as the longest.
    STALL_3 "--sev-high" 0.85
    /// The longest stalls.
    STALL_4 "--sev-high" 1.0
    /// The box that holds everything.
    ROOT "--surface-3" 1.0
    /// Native code.
    NATIVE "--flame-native" 1.0
    /// The kernel.
    KERNEL "--flame-kernel" 1.0
    /// Native or unknown.
    PROGRAM "--flame-program" 1.0
    /// Own share, the lowest of four steps.
    HEAT_1 "--heat-1" 1.0
    /// Own share, second step.
    HEAT_2 "--heat-2" 1.0
    /// Own share, third step.
    HEAT_3 "--heat-3" 1.0
    /// Own share, the highest step.
    HEAT_4 "--heat-4" 1.0
    /// Several boxes of less than a pixel each.
    SMALL "--flame-small" 1.0
    /// A box that the search does not match.
    DIM "--flame-dim" 1.0
    /// Garbage collection: always hatched, so that hue is not its only sign.
    GC "--flame-gc" 1.0
    /// The hatch of garbage collection.
    GC_LINE "--flame-gc-line" 1.0
    /// Over the box under the pointer.
    HOVER "--flame-selected" 0.14
    /// Over the boxes above the one that is zoomed to.
    FADE "--surface-1" 0.35
    /// Over what lies outside the selected range.
    VEIL "--surface-1" 0.68
    /// Outlines of selected boxes, underlines of matches.
    INK "--flame-selected" 1.0
    /// Edges and handles of the selected range.
    RANGE "--text-1" 1.0
    /// Names in boxes.
    TEXT "--flame-text" 1.0
    /// Figures and places in boxes.
    TEXT_QUIET "--flame-text-2" 1.0
    /// Any text in a box that the search does not match.
    TEXT_DIM "--flame-dim-text" 1.0
    /// Times of the axis.
    TEXT_AXIS "--text-3" 1.0
    /// Length of a stall.
    TEXT_LENGTH "--text-2" 1.0
    /// Rank of a stall.
    TEXT_RANK "--sev-high" 1.0
    /// Rank of a stretch in which the loop was busy.
    TEXT_BUSY "--sev-medium" 1.0
    /// On the label of the selected range.
    TEXT_RANGE "--surface-1" 1.0
}

macro_rules! hues {
    ($prefix:literal) => {
        hues!($prefix "01" "02" "03" "04" "05" "06" "07" "08" "09" "10" "11" "12"
                      "13" "14" "15" "16" "17" "18" "19" "20" "21" "22" "23" "24")
    };
    ($prefix:literal $($number:literal)*) => { [$(concat!($prefix, $number),)*] };
}

/// Tokens of the hues: one's own code saturated, dependencies pale, the runtime nearly grey.
static HUES: [[&str; Hue::COUNT as usize]; 3] = [hues!("--flame-own-"), hues!("--flame-dep-"), hues!("--flame-rt-")];

impl Paint {
    /// Number of paints; every [`Paint::index`] is below it.
    pub const COUNT: usize = Row::END as usize + 3 * Hue::COUNT as usize;

    /// One's own code.
    pub fn own(hue: Hue) -> Self {
        Self(Row::END as u8 + hue.0)
    }

    /// A dependency.
    pub fn dependency(hue: Hue) -> Self {
        Self(Row::END as u8 + Hue::COUNT + hue.0)
    }

    /// Runtime and standard library.
    pub fn runtime(hue: Hue) -> Self {
        Self(Row::END as u8 + 2 * Hue::COUNT + hue.0)
    }

    /// Own share in four steps of equal width; `share` is 0 to 1.
    pub fn heat(share: f64) -> Self {
        match share {
            s if s < 0.25 => Self::HEAT_1,
            s if s < 0.5 => Self::HEAT_2,
            s if s < 0.75 => Self::HEAT_3,
            _ => Self::HEAT_4,
        }
    }

    /// The paints of names, and of figures and places, on this fill. Under the pointer both are the
    /// stronger one: the quieter would fall below the contrast that can be read.
    pub fn texts(self, is_hovered: bool) -> (Self, Self) {
        match self {
            _ if is_hovered => (Self::TEXT, Self::TEXT),
            Self::DIM => (Self::TEXT_DIM, Self::TEXT_DIM),
            _ => (Self::TEXT, Self::TEXT_QUIET),
        }
    }

    /// All paints in the order in which they are laid down.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT as u8).map(Self)
    }

    /// The paint of a row number; of a number that is none, [`Paint::PROGRAM`].
    pub fn from_index(index: usize) -> Self {
        if index < Self::COUNT { Self(index as u8) } else { Self::PROGRAM }
    }

    /// Row number in a table of all paints.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// Name of the style sheet's token.
    pub fn token(self) -> &'static str {
        match ROLES.get(self.index()) {
            Some(role) => role.token,
            None => {
                let hue = self.index() - ROLES.len();
                HUES[hue / usize::from(Hue::COUNT)][hue % usize::from(Hue::COUNT)]
            }
        }
    }

    /// How opaque it is laid on, 0 to 1.
    pub fn alpha(self) -> f64 {
        ROLES.get(self.index()).map_or(1.0, |role| role.alpha)
    }
}

/// The colours of a theme, by paint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Palette {
    colours: Vec<[u8; 3]>,
}

impl Palette {
    /// Looks every paint's token up among `tokens` (name with its dashes, `#rrggbb`).
    ///
    /// # Errors
    /// The names of the tokens that are missing, or hold anything else.
    pub fn new(tokens: &[(String, String)]) -> Result<Self, Vec<&'static str>> {
        let find = |paint: Paint| {
            let token = paint.token();
            let found = tokens.iter().find(|(name, _)| name == token);
            found.and_then(|(_, colour)| parse_bytes(colour)).ok_or(token)
        };
        let mut missing: Vec<_> = Paint::all().filter_map(|p| find(p).err()).collect();
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Self { colours: Paint::all().filter_map(|p| find(p).ok()).collect() })
    }

    /// The colour of a paint: red, green and blue.
    pub fn rgb(&self, paint: Paint) -> [u8; 3] {
        self.colours[paint.index()]
    }

    /// The same for a style sheet, `#rrggbb`.
    pub fn css(&self, paint: Paint) -> String {
        let [red, green, blue] = self.rgb(paint);
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The tokens that a theme must define, each once.
    pub fn tokens() -> Vec<&'static str> {
        let mut tokens: Vec<_> = Paint::all().map(Paint::token).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

/// A colour by its parts, each 0 to 1 in sRGB.
pub type Rgb = [f64; 3];

/// Reads `#rrggbb`, the notation of the style sheet's opaque colours.
pub fn parse_colour(text: &str) -> Option<Rgb> {
    parse_bytes(text).map(parts)
}

fn parts(bytes: [u8; 3]) -> Rgb {
    bytes.map(|byte| f64::from(byte) / 255.0)
}

fn parse_bytes(text: &str) -> Option<[u8; 3]> {
    let digits = text.trim().strip_prefix('#').filter(|d| d.len() == 6 && d.is_ascii())?;
    let part = |i: usize| u8::from_str_radix(digits.get(i..i + 2)?, 16).ok();
    Some([part(0)?, part(2)?, part(4)?])
}

/// What is seen where `over` is laid on `under` with opacity `alpha`.
pub fn mix(over: Rgb, under: Rgb, alpha: f64) -> Rgb {
    std::array::from_fn(|i| over[i] * alpha + under[i] * (1.0 - alpha))
}

/// Contrast ratio of two colours by the rule of WCAG 2: 1 for equal ones, 21 for black on white.
pub fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn luminance(colour: Rgb) -> f64 {
    let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_are_stable_and_spread() {
        // Addresses and screenshots rely on these: a change of the hash changes every colour.
        let hues: Vec<_> = ["", "server.js", "node:fs", "express", "a", "b"].map(|m| Hue::of(m).number()).into();
        assert_eq!(hues, [14, 23, 4, 9, 13, 20]);
        let mut counts = [0u32; 24];
        (0..24_000).for_each(|i| counts[usize::from(Hue::of(&format!("src/module{i}.js")).0)] += 1);
        assert!(counts.iter().all(|n| (850..1150).contains(n)), "uneven: {counts:?}");
    }

    #[test]
    fn every_paint_has_its_own_row() {
        assert_eq!(Paint::all().count(), Paint::COUNT);
        assert_eq!(Paint::own(Hue::new(1)).token(), "--flame-own-01");
        assert_eq!(Paint::dependency(Hue::new(24)).token(), "--flame-dep-24");
        assert_eq!(Paint::runtime(Hue::new(12)).token(), "--flame-rt-12");
        assert_eq!(Paint::runtime(Hue::new(24)).index(), Paint::COUNT - 1);
        assert_eq!(Paint::TEXT_RANGE.token(), "--surface-1");
        assert_eq!(Hue::new(0), Hue::new(24));
    }

    #[test]
    fn a_palette_names_what_is_missing() {
        let colours = |token: &str| if token == "--flame-gc" { " #0a1Bff" } else { "#000000" }.to_owned();
        let mut tokens: Vec<_> = Palette::tokens().iter().map(|&t| (t.to_owned(), colours(t))).collect();
        let palette = Palette::new(&tokens).expect("all tokens are there");
        assert_eq!((palette.rgb(Paint::GC), palette.css(Paint::GC)), ([10, 27, 255], "#0a1bff".to_owned()));
        tokens.retain(|(name, _)| name != "--flame-own-07");
        assert_eq!(Palette::new(&tokens), Err(vec!["--flame-own-07"]));
        tokens.push(("--flame-own-07".to_owned(), "red".to_owned()));
        assert_eq!(Palette::new(&tokens), Err(vec!["--flame-own-07"]));
    }

    #[test]
    fn contrast_of_known_pairs() {
        let colour = |text| parse_colour(text).expect("a colour");
        let (black, white) = (colour("#000000"), colour("#ffffff"));
        assert!((contrast(black, white) - 21.0).abs() < 1e-9);
        assert!((contrast(white, white) - 1.0).abs() < 1e-9);
        // #767676 is the lightest grey that has 4.5 on white.
        assert!(contrast(colour("#767676"), white) >= 4.5);
        assert!(contrast(colour("#777777"), white) < 4.5);
        assert_eq!(mix(white, black, 0.25), [0.25; 3]);
        assert_eq!(parse_colour("rgb(1 2 3)"), None);
    }

    /// The style sheet that the page is built with.
    fn style_sheet() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/style/tokens.css");
        let text = std::fs::read_to_string(path).expect("the page's tokens are in style/tokens.css");
        let mut parts = text.split("/*");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |kept, part| kept + part.split_once("*/").map_or("", |(_, rest)| rest))
    }

    /// The tokens of a theme: those of the rules, in order, whose context (media and selector) it is in.
    fn theme(is_in: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let mut tokens: Vec<(String, String)> = Vec::new();
        let mut contexts: Vec<String> = Vec::new();
        let (sheet, mut text) = (style_sheet(), String::new());
        for c in sheet.chars() {
            match c {
                '{' => contexts.push(std::mem::take(&mut text).trim().to_owned()),
                '}' | ';' => {
                    let context = contexts.join(" ");
                    if let Some((name, value)) = text.split_once(':').filter(|_| is_in(&context)) {
                        tokens.retain(|(known, _)| known != name.trim());
                        tokens.push((name.trim().to_owned(), value.trim().to_owned()));
                    }
                    text.clear();
                    if c == '}' {
                        contexts.pop();
                    }
                }
                _ => text.push(c),
            }
        }
        tokens
    }

    /// Light, dark by choice, and dark by the system's preference.
    fn themes() -> [(&'static str, Palette); 3] {
        let light = |context: &str| !context.contains('@') && !context.contains("\"dark\"");
        let dark = |context: &str| !context.contains('@');
        let system = |context: &str| light(context) || context.contains("prefers-color-scheme: dark");
        let palette = |name: &str, tokens: Vec<(String, String)>| {
            Palette::new(&tokens).unwrap_or_else(|missing| panic!("{name} lacks {missing:?}"))
        };
        [
            ("light", palette("light", theme(light))),
            ("dark", palette("dark", theme(dark))),
            ("dark by preference", palette("dark by preference", theme(system))),
        ]
    }

    /// Fills that letters stand on.
    fn fills() -> impl Iterator<Item = Paint> {
        let plain = [Paint::ROOT, Paint::NATIVE, Paint::KERNEL, Paint::PROGRAM, Paint::GC, Paint::SMALL];
        let heat = [Paint::HEAT_1, Paint::HEAT_2, Paint::HEAT_3, Paint::HEAT_4];
        plain.into_iter().chain(heat).chain(Paint::all().filter(|paint| paint.index() >= ROLES.len()))
    }

    #[test]
    fn letters_can_be_read_on_every_fill_of_every_theme() {
        for (name, palette) in themes() {
            let colour = |paint: Paint| parts(palette.rgb(paint));
            let mut pairs = 0;
            let mut check = |text: Paint, ground: Rgb, what: &str| {
                let ratio = contrast(colour(text), ground);
                assert!(ratio >= 4.5, "{name}: {} has {ratio:.2} on {what}", text.token());
                pairs += 1;
            };
            for fill in fills().chain([Paint::DIM]) {
                let (ground, token) = (colour(fill), fill.token());
                let faded = mix(colour(Paint::FADE), ground, Paint::FADE.alpha());
                let hovered = mix(colour(Paint::HOVER), ground, Paint::HOVER.alpha());
                for text in <[Paint; 2]>::from(fill.texts(false)) {
                    check(text, ground, token);
                    check(text, faded, &format!("{token} faded"));
                }
                for text in <[Paint; 2]>::from(fill.texts(true)) {
                    check(text, hovered, &format!("{token} under the pointer"));
                }
            }
            for text in [Paint::TEXT_AXIS, Paint::TEXT_LENGTH, Paint::TEXT_RANK, Paint::TEXT_BUSY] {
                check(text, colour(Paint::GROUND), "the panel");
            }
            check(Paint::TEXT_RANGE, colour(Paint::RANGE), "the label of the range");
            assert_eq!(pairs, 83 * 6 + 5);
        }
    }

    #[test]
    fn both_dark_themes_are_one() {
        let [_, (_, chosen), (_, preferred)] = themes();
        assert_eq!(chosen, preferred);
    }
}
