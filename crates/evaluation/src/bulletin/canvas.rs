//! A small canvas over `pdf-writer`: A4 pages, text of one embedded subset, rectangles and lines. Points, from the top left.

use super::font::FontFile;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Filter, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _, Tag};
use std::collections::BTreeMap;
use subsetter::GlyphRemapper;

/// A4, in points.
pub const WIDTH: f32 = 595.28;
/// A4, in points.
pub const HEIGHT: f32 = 841.89;

/// A colour, each part 0 to 1.
pub type Colour = (f32, f32, f32);
/// Text.
pub const INK: Colour = (0.13, 0.13, 0.12);
/// Second lines, notes.
pub const GREY: Colour = (0.42, 0.41, 0.39);
/// Rules and grids.
pub const LINE: Colour = (0.85, 0.84, 0.82);
/// 天青, the one accent.
pub const ACCENT: Colour = (0.122, 0.478, 0.478);
/// What stands out downwards; never told by colour alone.
pub const WARN: Colour = (0.68, 0.27, 0.16);

/// Why a document cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the document: {0}")]
pub struct CanvasError(String);

/// A document under way.
pub struct Canvas<'f> {
    file: &'f FontFile,
    face: FontRef<'f>,
    advances: GlyphMetrics<'f>,
    glyphs: GlyphRemapper,
    /// The character behind each glyph of the subset, for search and copying.
    characters: BTreeMap<u16, char>,
    widths: BTreeMap<u16, f32>,
    done: Vec<Content>,
    page: Content,
}

impl<'f> Canvas<'f> {
    /// A document with one empty page.
    ///
    /// # Errors
    /// A font that cannot be read.
    pub fn new(file: &'f FontFile) -> Result<Self, CanvasError> {
        let face =
            FontRef::from_index(&file.bytes, file.index).map_err(|e| CanvasError(e.to_string()))?;
        let advances = face.glyph_metrics(Size::new(1000.0), LocationRef::default());
        Ok(Self {
            file,
            face,
            advances,
            glyphs: GlyphRemapper::new(),
            characters: BTreeMap::new(),
            widths: BTreeMap::new(),
            done: Vec::new(),
            page: Content::new(),
        })
    }

    /// Begins the next page.
    pub fn next_page(&mut self) {
        self.done
            .push(std::mem::replace(&mut self.page, Content::new()));
    }
    /// How many pages there are.
    pub fn pages(&self) -> usize {
        self.done.len() + 1
    }

    /// How wide a text is.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c: char| self.glyph(c).1;
        text.chars().map(advance).sum::<f32>() * size / 1000.0
    }

    /// The glyph of a character, and how wide it is in thousandths of the size. What the font does not have is drawn as
    /// its glyph 0, a box.
    fn glyph(&self, c: char) -> (u16, f32) {
        let glyph = self.face.charmap().map(c).unwrap_or_default();
        let advance = self.advances.advance_width(glyph).unwrap_or(0.0);
        // OpenType has no more than 65,535 glyphs in a face.
        (u16::try_from(glyph.to_u32()).unwrap_or(0), advance)
    }

    /// A text cut so that it fits, with … where something is missing.
    pub fn fit(&self, text: &str, size: f32, most: f32) -> String {
        if self.width(text, size) <= most {
            return text.to_owned();
        }
        let mut kept = String::new();
        for c in text.chars() {
            kept.push(c);
            if self.width(&kept, size) + self.width("…", size) > most {
                kept.pop();
                break;
            }
        }
        kept.push('…');
        kept
    }

    /// A text broken into lines that fit: Chinese anywhere, other words at spaces.
    pub fn lines(&self, text: &str, size: f32, most: f32) -> Vec<String> {
        let (mut lines, mut line, mut word) = (Vec::new(), String::new(), String::new());
        let mut put = |line: &mut String, word: &mut String| {
            if !line.is_empty() && self.width(&format!("{line}{word}"), size) > most {
                lines.push(std::mem::take(line).trim_end().to_owned());
            }
            line.push_str(word);
            word.clear();
        };
        for c in text.chars() {
            word.push(c);
            if c == ' ' || !c.is_ascii() {
                put(&mut line, &mut word);
            }
        }
        put(&mut line, &mut word);
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Writes a text; `x`, `y` is where its baseline begins.
    pub fn text(&mut self, x: f32, y: f32, size: f32, colour: Colour, text: &str) {
        let mut bytes = Vec::with_capacity(2 * text.len());
        for c in text.chars() {
            let (glyph, advance) = self.glyph(c);
            let new = self.glyphs.remap(glyph);
            self.characters.entry(new).or_insert(c);
            self.widths.insert(new, advance);
            bytes.extend(new.to_be_bytes());
        }
        self.page.set_fill_rgb(colour.0, colour.1, colour.2);
        self.page.begin_text();
        self.page.set_font(Name(b"F"), size);
        self.page.next_line(x, HEIGHT - y);
        self.page.show(Str(&bytes));
        self.page.end_text();
    }
    /// The same, ending at `x`.
    pub fn text_to(&mut self, x: f32, y: f32, size: f32, colour: Colour, text: &str) {
        let width = self.width(text, size);
        self.text(x - width, y, size, colour, text);
    }

    /// A filled rectangle; `x`, `y` is its upper left corner.
    pub fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        self.page.set_fill_rgb(colour.0, colour.1, colour.2);
        self.page.rect(x, HEIGHT - y - height, width, height);
        self.page.fill_nonzero();
    }
    /// A line through points.
    pub fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Colour, dashed: bool) {
        let Some(((x, y), rest)) = points.split_first() else {
            return;
        };
        self.page.save_state();
        self.page.set_stroke_rgb(colour.0, colour.1, colour.2);
        self.page.set_line_width(width);
        if dashed {
            self.page.set_dash_pattern([3.0, 2.0], 0.0);
        }
        self.page.move_to(*x, HEIGHT - y);
        for (x, y) in rest {
            self.page.line_to(*x, HEIGHT - y);
        }
        self.page.stroke();
        self.page.restore_state();
    }
    /// A mark in a chart: a disc, or a diamond for what stands out.
    pub fn mark(&mut self, x: f32, y: f32, radius: f32, colour: Colour, stands_out: bool) {
        let y = HEIGHT - y;
        self.page.set_fill_rgb(colour.0, colour.1, colour.2);
        if stands_out {
            let r = radius * 1.4;
            self.page.move_to(x, y + r);
            for (dx, dy) in [(r, 0.0), (0.0, -r), (-r, 0.0)] {
                self.page.line_to(x + dx, y + dy);
            }
        } else {
            // A circle of four curves; the constant is that of the usual approximation.
            let (r, k) = (radius, radius * 0.552_285);
            self.page.move_to(x + r, y);
            self.page.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
            self.page.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
            self.page.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
            self.page.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
        }
        self.page.close_path();
        self.page.fill_nonzero();
    }

    /// The finished document.
    ///
    /// # Errors
    /// A font that cannot be cut down.
    pub fn finish(mut self, title: &str, language: &str) -> Result<Vec<u8>, CanvasError> {
        self.next_page();
        let mut next = 0;
        let mut id = || {
            next += 1;
            Ref::new(next)
        };
        let (catalog, tree, info) = (id(), id(), id());
        let (font, cid, descriptor, program, cmap) = (id(), id(), id(), id(), id());
        let pages: Vec<(Ref, Ref)> = self.done.iter().map(|_| (id(), id())).collect();
        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr(language));
        pdf.document_info(info)
            .title(TextStr(title))
            .producer(TextStr("shiyu"));
        pdf.pages(tree)
            .kids(pages.iter().map(|p| p.0))
            .count(i32::try_from(pages.len()).unwrap_or(i32::MAX));
        for ((page, content), drawn) in pages.into_iter().zip(std::mem::take(&mut self.done)) {
            let mut leaf = pdf.page(page);
            leaf.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT));
            leaf.parent(tree).contents(content);
            leaf.resources().fonts().pair(Name(b"F"), font);
            leaf.finish();
            let data = deflated(&drawn.finish());
            pdf.stream(content, &data).filter(Filter::FlateDecode);
        }
        self.embed(&mut pdf, font, cid, descriptor, program, cmap)?;
        Ok(pdf.finish())
    }

    /// Embeds what was used of the font, and no more.
    fn embed(
        &self,
        pdf: &mut Pdf,
        font: Ref,
        cid: Ref,
        descriptor: Ref,
        program: Ref,
        cmap: Ref,
    ) -> Result<(), CanvasError> {
        const NAME: Name<'static> = Name(b"SHIYUA+Subset");
        let subset = subsetter::subset(&self.file.bytes, self.file.index, &self.glyphs)
            .map_err(|e| CanvasError(format!("the font cannot be cut down: {e}")))?;
        let outlines = FontRef::new(&subset)
            .ok()
            .and_then(|font| font.table_data(Tag::new(b"CFF ")))
            .map(|table| table.as_bytes());
        let system = SystemInfo {
            registry: Str(b"Adobe"),
            ordering: Str(b"Identity"),
            supplement: 0,
        };
        pdf.type0_font(font)
            .base_font(NAME)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(cmap);
        let mut described = pdf.cid_font(cid);
        described.subtype(match outlines {
            Some(_) => CidFontType::Type0,
            None => CidFontType::Type2,
        });
        described.base_font(NAME).system_info(system);
        described.font_descriptor(descriptor).default_width(1000.0);
        if outlines.is_none() {
            described.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let mut widths = described.widths();
        for (glyph, width) in &self.widths {
            widths.consecutive(*glyph, [*width]);
        }
        widths.finish();
        described.finish();

        let metrics = self.face.metrics(Size::new(1000.0), LocationRef::default());
        let bounds = metrics.bounds.unwrap_or_default();
        let mut about = pdf.font_descriptor(descriptor);
        about
            .name(NAME)
            .flags(FontFlags::SYMBOLIC)
            .bbox(Rect::new(
                bounds.x_min,
                bounds.y_min,
                bounds.x_max,
                bounds.y_max,
            ))
            .italic_angle(0.0)
            .ascent(metrics.ascent)
            .descent(metrics.descent)
            .cap_height(metrics.cap_height.unwrap_or(700.0))
            .stem_v(80.0);
        if outlines.is_some() {
            about.font_file3(program);
        } else {
            about.font_file2(program);
        }
        about.finish();
        match outlines {
            Some(outlines) => {
                let data = deflated(outlines);
                pdf.stream(program, &data)
                    .filter(Filter::FlateDecode)
                    .pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
            }
            None => {
                let data = deflated(&subset);
                pdf.stream(program, &data).filter(Filter::FlateDecode);
            }
        }
        let mut unicode = UnicodeCmap::new(Name(b"Shiyu"), system);
        for (glyph, character) in &self.characters {
            unicode.pair(*glyph, *character);
        }
        pdf.cmap(cmap, &unicode.finish());
        Ok(())
    }
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes)
        .and_then(|()| out.finish())
        .expect("memory takes what it is given")
}
