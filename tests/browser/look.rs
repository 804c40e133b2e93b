//! Other windows: narrow, resized.

use crate::engines::Engine;
use crate::harness::{Browser, in_every_browser};
use crate::page::{FLAME, ROW_PX, Sample, example};

in_every_browser!(narrow_window, resized_window);

/// The page itself must not scroll sideways, and no button may lie outside of it.
async fn assert_fits(browser: &Browser, what: &str) {
    let script = r#"
        const wide = document.documentElement.scrollWidth;
        const buttons = [...document.querySelectorAll("button, input, a[href]")];
        const beyond = buttons.filter((button) => {
            if (!button.checkVisibility({ visibilityProperty: true }) || button.closest(".offscreen, .skip")) return false;
            const box = button.getBoundingClientRect();
            return box.width > 0 && (box.right > innerWidth + 1 || box.left < -1);
        });
        return [wide, innerWidth, beyond.map((button) => button.outerHTML.slice(0, 200))];"#;
    let (wide, window, beyond): (f64, f64, Vec<String>) = browser.read(script, &[]).await;
    assert!(wide <= window, "{what}: the page is {wide} wide in a window of {window}");
    assert!(beyond.is_empty(), "{what}: out of reach: {beyond:#?}");
}

/// As wide as a phone; in WebKitGTK as narrow as its small browser becomes.
async fn make_narrow(browser: &Browser) {
    const PHONE: (u32, u32) = (390, 844);
    const SIZE: &str = "return [innerWidth, innerHeight]";
    browser.resize(PHONE.0, PHONE.1).await;
    if browser.engine == Engine::Firefox {
        // It makes only windows without its bars so narrow.
        let features = format!("popup,width={},height={}", PHONE.0, PHONE.1);
        browser.script("window.open(location.href, '', arguments[0])", &[features.into()]).await;
        let windows = browser.driver.windows().await.expect("windows have names");
        let newest = windows.last().expect("there is a window").clone();
        browser.driver.switch_to_window(newest).await.expect("a window can be gone to");
        browser.element("body.is-ready").await;
        browser.resize(PHONE.0, PHONE.1).await;
    }
    let (width, height): (u32, u32) = browser.read(SIZE, &[]).await;
    let is_phone = width == PHONE.0 || (browser.engine == Engine::WebKit && width < 500);
    assert!(is_phone && height == PHONE.1, "{width} × {height}");
}

async fn narrow_window(browser: Browser) {
    browser.open("").await;
    make_narrow(&browser).await;
    browser.element(".tool-group .fmt").await;
    assert_fits(&browser, "the start page").await;
    browser.open_recording(&example("node-server-blocked.cpuprofile")).await;
    browser.wait_for_colours(FLAME, 4).await;
    for view in ["table", "stalls", "compare", "flame"] {
        browser.show(view).await;
        browser.settle().await;
        assert_fits(&browser, view).await;
    }
    let row = 3.5 * ROW_PX;
    browser.click_at(FLAME, (60.0, row)).await;
    browser.wait_for_text(".sheet.peek .shead", "emit").await;
    browser.click(".sheet .shead").await;
    browser.wait_for_text(".sheet.half h2", "emit").await;
    assert_fits(&browser, "the details").await;
    browser.script("document.querySelector('.sheet .grab').click()", &[]).await;
    browser.element(".sheet.full").await;
    browser.script("document.querySelector('.sheet .grab').click()", &[]).await;
    browser.element(".sheet.peek").await;

    browser.click(".top button[aria-label='More']").await;
    let more = browser.wait_for_text(".menu", "Compare two").await;
    assert!(more.contains("Open files") && more.contains("Keyboard"), "{more}");
    assert_fits(&browser, "the list of more").await;
    browser.press("Escape").await;
    browser.click(".top button[aria-label='Search']").await;
    browser.wait_until("the field has the focus", "document.activeElement?.id === 'search'").await;
    browser.type_text("formatAmount").await;
    browser.wait_for_text(".found", "60.2").await;
    assert_fits(&browser, "searching").await;
}

const MADE: &str = "shop::main;audit::check 30\nshop::main;db::query;wire::send 50\nshop::main 20\n";

/// A picture of the new size, not the old one stretched: the gap between two boxes stays one pixel
/// of plain ground.
async fn resized_window(browser: Browser) {
    browser.open("").await;
    browser.drop_file("body", "made.folded", MADE.as_bytes()).await;
    browser.wait_for_recording("made.folded").await;
    let ground = browser.token("--surface-1").await;
    for (width, height) in [(1280, 900), (1000, 700), (1437, 811)] {
        browser.resize(width, height).await;
        let wide = browser.flame_width().await;
        let query = browser.tip_at(0.25 * wide, 2).await;
        let check = browser.tip_at(0.65 * wide, 2).await;
        assert_eq!((query.name.as_str(), check.name.as_str()), ("db::query", "audit::check"));
        let mut samples = Vec::new();
        for (part, tip) in [(0.01, &query), (0.49, &query), (0.51, &check), (0.79, &check)] {
            let colour = browser.token(&tip.token).await;
            samples.push(Sample { x: part * wide, row: 2, colour, of: tip.name.clone() });
        }
        samples.push(Sample { x: 0.82 * wide, row: 2, colour: ground, of: "nothing".to_owned() });
        browser.wait_for_samples(&samples).await;
        let (picture, area) = browser.picture_of(FLAME).await;
        let y = (area.y + (2.0 * ROW_PX + 10.0) * area.width / wide).floor() as usize;
        let edge = (area.x + area.width / 2.0).round() as usize;
        let row: Vec<_> = (edge - 4..edge + 4).map(|x| picture.at(x, y)).collect();
        let plain = row.iter().filter(|colour| colour.is_about(ground)).count();
        let boxes = row.iter().filter(|c| c.is_about(samples[0].colour) || c.is_about(samples[2].colour)).count();
        assert_eq!((plain, plain + boxes), (1, row.len()), "in {width} × {height} the edge is {row:?}");
    }
}
