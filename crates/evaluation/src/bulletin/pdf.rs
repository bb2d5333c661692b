//! The bulletin on paper: A4, one column, two charts, tables that go on over pages.

use super::canvas::{ACCENT, Canvas, CanvasError, Colour, GREY, HEIGHT, INK, LINE, WARN, WIDTH};
use super::font::FontFile;
use super::{Bars, Bulletin, Cell, Funnel, Table, grouped, share_text};
use crate::scores::Standing;
use analysis::funnel;

const MARGIN: f32 = 48.0;
const BOTTOM: f32 = HEIGHT - 56.0;
const INSIDE: f32 = WIDTH - 2.0 * MARGIN;
const BODY: f32 = 9.5;
const SMALL: f32 = 8.0;

/// The document's bytes.
///
/// # Errors
/// [`CanvasError`].
pub fn write(bulletin: &Bulletin, font: &FontFile) -> Result<Vec<u8>, CanvasError> {
    let mut page = Page {
        canvas: Canvas::new(font)?,
        y: MARGIN,
        word: &bulletin.page,
    };
    page.y += 16.0;
    page.canvas.text(MARGIN, page.y, 20.0, INK, &bulletin.title);
    page.y += 10.0;
    page.canvas.rect(MARGIN, page.y, 48.0, 2.0, ACCENT);
    page.y += 18.0;
    for line in &bulletin.lines {
        page.paragraph(line, SMALL + 0.5, GREY);
    }
    page.y += 8.0;
    for finding in &bulletin.findings {
        page.paragraph(finding, BODY + 1.0, INK);
    }
    if let Some(bars) = &bulletin.bars {
        draw_bars(&mut page, bars);
    }
    if let Some(funnel) = &bulletin.funnel {
        draw_funnel(&mut page, funnel);
    }
    for table in &bulletin.tables {
        draw_table(&mut page, table);
    }
    page.heading(&bulletin.notes_title);
    for note in &bulletin.notes {
        page.paragraph(note, SMALL, GREY);
    }
    page.foot();
    page.canvas.finish(&bulletin.title, bulletin.language)
}

/// The page under way: where the next thing stands.
struct Page<'f, 'w> {
    canvas: Canvas<'f>,
    y: f32,
    word: &'w str,
}

impl Page<'_, '_> {
    /// Makes sure that so much room is left.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.foot();
            self.canvas.next_page();
            self.y = MARGIN;
        }
    }
    fn foot(&mut self) {
        let text = self.word.replace('#', &self.canvas.pages().to_string());
        self.canvas
            .text_to(WIDTH - MARGIN, HEIGHT - 30.0, SMALL, GREY, &text);
    }
    fn heading(&mut self, text: &str) {
        self.need(64.0);
        self.y += 26.0;
        self.canvas.text(MARGIN, self.y, 12.0, INK, text);
        self.y += 10.0;
    }
    fn paragraph(&mut self, text: &str, size: f32, colour: Colour) {
        for line in self.canvas.lines(text, size, INSIDE) {
            self.need(size * 1.7);
            self.y += size * 1.6;
            self.canvas.text(MARGIN, self.y, size, colour, &line);
        }
    }
}

/// Bars from zero to all, each with its numbers.
fn draw_bars(page: &mut Page<'_, '_>, bars: &Bars) {
    const ROW: f32 = 17.0;
    const NAME: f32 = 130.0;
    const TEXT: f32 = 130.0;
    page.heading(&bars.title);
    let room = INSIDE - NAME - TEXT;
    for (name, share) in &bars.rows {
        page.need(ROW);
        page.y += ROW;
        let name = page.canvas.fit(name, BODY, NAME - 8.0);
        page.canvas.text(MARGIN, page.y, BODY, INK, &name);
        let x = MARGIN + NAME;
        #[expect(clippy::cast_possible_truncation, reason = "a share of a page")]
        let value = share.value.unwrap_or(0.0).clamp(0.0, 1.0) as f32;
        page.canvas
            .rect(x, page.y - 8.0, room, 9.0, (0.95, 0.945, 0.935));
        page.canvas.rect(x, page.y - 8.0, room * value, 9.0, ACCENT);
        let text = share_text(share);
        page.canvas
            .text_to(WIDTH - MARGIN, page.y, SMALL, GREY, &text);
    }
}

/// Shares over numbers of cases, between the limits of chance.
fn draw_funnel(page: &mut Page<'_, '_>, plot: &Funnel) {
    const HIGH: f32 = 210.0;
    page.need(HIGH + 90.0);
    page.heading(&plot.title);
    let (left, right) = (MARGIN + 36.0, WIDTH - MARGIN);
    let (top, bottom) = (page.y + 14.0, page.y + 14.0 + HIGH);
    let most = plot
        .points
        .iter()
        .map(|p| p.1.denominator)
        .max()
        .unwrap_or(1)
        .max(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a place on a page"
    )]
    let x = |n: f64| left + (right - left - 70.0) * (n / most as f64) as f32;
    // From the lowest share or limit that matters up to all.
    let lowest = plot
        .points
        .iter()
        .filter_map(|p| p.1.value)
        .fold(plot.whole, f64::min);
    let floor = ((lowest - 0.1).max(0.0) * 10.0).floor() / 10.0;
    #[expect(clippy::cast_possible_truncation, reason = "a place on a page")]
    let y = |share: f64| {
        bottom - (bottom - top) * ((share.clamp(floor, 1.0) - floor) / (1.0 - floor)) as f32
    };

    let mut tick = floor;
    while tick <= 1.0 + 1e-9 {
        page.canvas
            .line(&[(left, y(tick)), (right, y(tick))], 0.4, LINE, false);
        let text = format!("{:.0} %", tick * 100.0);
        page.canvas
            .text_to(left - 5.0, y(tick) + 3.0, SMALL, GREY, &text);
        tick += if floor < 0.5 { 0.2 } else { 0.1 };
    }
    for (alpha, dashed) in [(0.05, true), (0.002, false)] {
        let sizes: Vec<u64> = (1..=80_u64)
            .map(|n| (most.unsigned_abs() * n).div_ceil(80).max(1))
            .collect();
        for side in 0..2 {
            let points: Vec<(f32, f32)> = sizes
                .iter()
                .filter_map(|n| {
                    let (low, high) = funnel::limits(plot.whole, *n, alpha)?;
                    #[expect(clippy::cast_precision_loss, reason = "numbers of cases")]
                    Some((x(*n as f64), y(if side == 0 { low } else { high })))
                })
                .collect();
            page.canvas.line(&points, 0.8, GREY, dashed);
        }
    }
    page.canvas.line(
        &[(left, y(plot.whole)), (right, y(plot.whole))],
        1.0,
        ACCENT,
        false,
    );
    let mut named: Vec<(f32, f32)> = Vec::new();
    for (name, share, standing) in &plot.points {
        let Some(value) = share.value else { continue };
        let is_far = matches!(standing, Standing::FarAbove | Standing::FarBelow);
        let colour = match standing {
            Standing::Below | Standing::FarBelow => WARN,
            _ => ACCENT,
        };
        #[expect(clippy::cast_precision_loss, reason = "numbers of cases")]
        let at = (x(share.denominator as f64), y(value));
        page.canvas.mark(at.0, at.1, 2.6, colour, is_far);
        // Only what stands out is named, and no name over another.
        let is_free = named
            .iter()
            .all(|(nx, ny)| (nx - at.0).abs() > 70.0 || (ny - at.1).abs() > 9.0);
        if *standing != Standing::Within && is_free {
            let name = page.canvas.fit(name, SMALL - 0.5, 64.0);
            page.canvas
                .text(at.0 + 6.0, at.1 + 3.0, SMALL - 0.5, INK, &name);
            named.push(at);
        }
    }
    let axis = format!("{} (0 – {})", plot.axes.0, grouped(most));
    page.canvas
        .text_to(right, bottom + 14.0, SMALL, GREY, &axis);
    page.canvas.text(left, top - 6.0, SMALL, GREY, &plot.axes.1);
    page.y = bottom + 18.0;
}

fn cell_text(cell: &Cell) -> String {
    let signed = |v: f64| format!("{}{:.2}", if v < 0.0 { "−" } else { "+" }, v.abs() * 100.0);
    match cell {
        Cell::Text(text) => text.clone(),
        Cell::Share(share) => share_text(share),
        Cell::Hours(share) => share.value.map_or_else(
            || "–".into(),
            |v| format!("{:.1} h (n {})", v / 3600.0, grouped(share.denominator)),
        ),
        Cell::Points(points) => points.map_or_else(|| "–".into(), |p| format!("{p:.1}")),
        Cell::Change(change) => change.map_or_else(|| "–".into(), signed),
    }
}

/// A table: the first column takes what the others leave; heads are repeated on each page.
fn draw_table(page: &mut Page<'_, '_>, table: &Table) {
    const ROW: f32 = 15.5;
    let columns = table.heads.len();
    if columns == 0 {
        return;
    }
    page.heading(&table.title);
    let size = if columns > 4 { 6.8 } else { SMALL };
    // Each column as wide as its widest cell, the first at least a fifth of the page; then all fit by shrinking evenly.
    let mut widths: Vec<f32> = (0..columns)
        .map(|n| {
            let cells = table.rows.iter().filter_map(|r| r.get(n)).map(cell_text);
            let widest = cells
                .map(|t| page.canvas.width(&t, size))
                .fold(0.0_f32, f32::max);
            let head = page.canvas.width(&table.heads[n], size);
            // Heads may take two lines.
            widest.max(head.min(70.0)) + 10.0
        })
        .collect();
    let whole: f32 = widths.iter().sum();
    if whole > INSIDE {
        let others: f32 = widths[1..].iter().sum();
        let first = (INSIDE - others).max(INSIDE * 0.18);
        let rest = (INSIDE - first) / others.max(1.0);
        widths[0] = first;
        for width in &mut widths[1..] {
            *width *= rest.min(1.0);
        }
    } else {
        widths[0] += INSIDE - whole;
    }
    let ends: Vec<f32> = widths
        .iter()
        .scan(MARGIN, |x, w| {
            *x += w;
            Some(*x)
        })
        .collect();
    let heads = |page: &mut Page<'_, '_>| {
        let lines: Vec<Vec<String>> = table
            .heads
            .iter()
            .zip(&widths)
            .map(|(head, width)| {
                let mut lines = page.canvas.lines(head, size, width - 6.0);
                lines.truncate(2);
                lines
            })
            .collect();
        let deep = lines.iter().map(Vec::len).max().unwrap_or(1);
        for step in 0..deep {
            page.y += size * 1.45;
            for (n, lines) in lines.iter().enumerate() {
                // Short heads stand on the last line.
                let Some(text) = (step + lines.len())
                    .checked_sub(deep)
                    .and_then(|at| lines.get(at))
                else {
                    continue;
                };
                if n == 0 {
                    page.canvas.text(MARGIN, page.y, size, GREY, text);
                } else {
                    page.canvas.text_to(ends[n], page.y, size, GREY, text);
                }
            }
        }
        page.y += 4.0;
        page.canvas.line(
            &[(MARGIN, page.y), (WIDTH - MARGIN, page.y)],
            0.8,
            GREY,
            false,
        );
    };
    heads(page);
    for row in &table.rows {
        if page.y + ROW > BOTTOM {
            page.need(BOTTOM);
            heads(page);
        }
        page.y += ROW - 4.0;
        for (n, cell) in row.iter().enumerate().take(columns) {
            let text = page.canvas.fit(&cell_text(cell), size, widths[n] - 4.0);
            if n == 0 {
                page.canvas.text(MARGIN, page.y, size, INK, &text);
            } else {
                page.canvas.text_to(ends[n], page.y, size, INK, &text);
            }
        }
        page.y += 4.0;
        page.canvas.line(
            &[(MARGIN, page.y), (WIDTH - MARGIN, page.y)],
            0.3,
            LINE,
            false,
        );
    }
}
