// The map of a page of lines and places: what is shown, search, popups. Every figure is read from the tables under the
// map and set as text, never as markup. `start` is called by the script that Folium writes.
const infraplan = (() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const colorOf = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();

  // Districts lie beneath as outlines; lines and places are one canvas, which carries ten thousand of them.
  const features = (block, map) => {
    const data = JSON.parse(byId(block).textContent);
    if (block === "areas") {
      return L.geoJSON(data, {interactive: false, smoothFactor: 0, renderer: L.svg({padding: 0.3}),
        style: {color: colorOf("line"), weight: 0.8, fillColor: colorOf("ground"), fillOpacity: 1}});
    }
    map.createPane("things").style.zIndex = 450;
    const own = {pane: "things", renderer: L.canvas({pane: "things", padding: 0.3, tolerance: 5})};
    return L.geoJSON(data, {...own, smoothFactor: 0, pointToLayer: (feature, place) => L.circleMarker(place, own)});
  };

  const start = (map, areas, drawn) => {
    const settings = JSON.parse(byId("map-settings").textContent);
    const frame = map.getContainer();
    const things = settings.things;
    const shapes = things.map(() => new Map());   // for each kind of thing: row number -> its path
    const casings = things.map(() => new Map());  // dark edges under lines
    const rows = things.map((thing) => Array.from(byId(thing.table).tBodies[0].rows));
    const border = colorOf("border");
    const panBy = map.panBy;                      // popups and keys move the map at once, without gliding
    map.panBy = (offset, options) => panBy.call(map, offset, {...options, animate: false});
    let picked = null;
    let opener = null;                            // where the focus goes back to when a popup closes
    const isLine = (path) => !(path instanceof L.CircleMarker);
    drawn.eachLayer((path) => {
      const {thing, row} = path.feature.properties;
      shapes[thing].set(row, path);
      if (isLine(path)) {
        casings[thing].set(row, L.polyline(path.getLatLngs(), {pane: "things", renderer: path.options.renderer, interactive: false, smoothFactor: 0}));
      }
    });
    drawn.clearLayers();

    // ---- drawing
    const lookOf = (path) => {
      const {thing, row} = path.feature.properties;
      return things[thing].classes[things[thing].codes[row]];
    };
    const style = (path) => {
      const look = lookOf(path);
      const chosen = path === picked;
      const {thing, row} = path.feature.properties;
      if (isLine(path)) {
        path.setStyle({color: chosen ? colorOf("focus") : look.color, weight: look.size + (chosen ? 3 : 0), opacity: 1});
        casings[thing].get(row).setStyle({color: border, weight: look.size + (chosen ? 6 : 2), opacity: 1});
      } else {
        path.setStyle({color: chosen ? colorOf("focus") : border, weight: chosen ? 4 : 1, fillColor: look.color, fillOpacity: 1,
          dashArray: look.dashed ? "2 2" : null});
        path.setRadius(look.size + (chosen ? 2 : 0));
      }
    };
    const isOn = (thing) => document.querySelector(`input[name=thing][value="${thing}"]`).checked;
    const draw = () => {
      const beneath = document.querySelector("input[name=beneath]");
      if (beneath && !beneath.checked) areas.remove(); else areas.addTo(map);
      things.forEach((thing, number) => {         // casings first, so that crossings look like crossings
        for (const path of casings[number].values()) { if (isOn(number)) path.addTo(map); else path.remove(); }
      });
      things.forEach((thing, number) => {
        for (const path of shapes[number].values()) {
          if (isOn(number)) { path.remove(); path.addTo(map); style(path); } else path.remove();
        }
      });
      frame.setAttribute("aria-label", `Map: ${things.filter((thing, number) => isOn(number)).map((thing) => thing.heading).join("; ") || "nothing chosen"}`);
    };

    // ---- popups
    const stamp = frame.parentElement.querySelector(".map-stamp");
    const stampHeight = () => stamp ? stamp.offsetTop + stamp.offsetHeight : 0;
    const popupOf = (thing, number) => {
      const box = make("div", undefined, "figures");
      const row = rows[thing][number];
      const heads = Array.from(byId(things[thing].table).tHead.rows[0].cells);
      box.append(make("h3", row.cells[0].textContent));
      const list = make("dl");
      for (const head of heads.slice(1)) list.append(make("dt", head.textContent), make("dd", row.cells[head.cellIndex].textContent));
      box.append(list);
      if (things[thing].source) box.append(make("p", `Source: ${things[thing].source}`, "quiet"));
      box.tabIndex = -1;
      return box;
    };
    const mark = (thing, number) => {
      for (const old of document.querySelectorAll("tr.picked")) { old.classList.remove("picked"); old.removeAttribute("aria-current"); }
      const row = rows[thing][number];
      row.classList.add("picked");
      row.setAttribute("aria-current", "true");
      const scroller = row.closest(".scroller");
      scroller.scrollTop = row.offsetTop - scroller.clientHeight / 3;
    };
    const middleOf = (path) => isLine(path) ? path.getCenter() : path.getLatLng();
    const open = (path, place, focus) => {
      const {thing, row} = path.feature.properties;
      const before = picked;
      picked = path;
      if (before) style(before);
      style(path);
      mark(thing, row);
      const box = popupOf(thing, row);
      const wide = Math.min(340, frame.clientWidth - 70);
      box.style.maxHeight = `${Math.max(frame.clientHeight - stampHeight() - 90, 120)}px`;
      L.popup({maxWidth: wide, minWidth: Math.min(240, wide), autoPanPaddingTopLeft: [8, stampHeight() + 8], autoPanPaddingBottomRight: [8, 8]})
        .setLatLng(place).setContent(box).openOn(map);
      if (focus) box.focus({preventScroll: true});
    };
    for (const kind of shapes) {
      for (const path of kind.values()) {
        path.on("click", (event) => { L.DomEvent.stop(event); opener = null; open(path, isLine(path) ? event.latlng : path.getLatLng(), false); });
      }
    }
    frame.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== frame) return;
      const middle = map.latLngToContainerPoint(map.getCenter());
      let best = null;
      let least = Infinity;
      shapes.forEach((kind, number) => {
        if (!isOn(number)) return;
        for (const path of kind.values()) {
          const away = middle.distanceTo(map.latLngToContainerPoint(middleOf(path)));
          if (away < least) { best = path; least = away; }
        }
      });
      opener = frame;
      if (best) open(best, middleOf(best), true);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !frame.querySelector(".leaflet-popup")) return;
      map.closePopup();
      if (opener) opener.focus();
    });

    // ---- going to a row
    const say = (text) => { byId("map-status").textContent = text; };
    const nameOf = (thing, number) => rows[thing][number].cells[0].textContent;
    const go = (thing, number, from) => {
      opener = from;
      const path = shapes[thing].get(number);
      if (!path) {
        mark(thing, number);
        say(`${nameOf(thing, number)} has no place on the map; its row is marked in the tables.`);
        return;
      }
      const box = document.querySelector(`input[name=thing][value="${thing}"]`);
      if (!box.checked) { box.checked = true; draw(); }
      if (isLine(path)) map.fitBounds(path.getBounds(), {maxZoom: whole + 2, padding: [60, 60], animate: false});
      else map.setView(path.getLatLng(), Math.max(map.getZoom(), whole + 1.5), {animate: false});
      open(path, middleOf(path), true);
      frame.scrollIntoView({block: "nearest"});
      say(`${nameOf(thing, number)} is on the map.`);
    };
    const known = [];
    things.forEach((thing, number) => rows[number].forEach((row, place) => known.push([nameOf(number, place), number, place])));
    const some = new Set(known.map((one) => one[0]));
    byId("search-names").append(...Array.from(some).slice(0, 2000).map((text) => { const option = make("option"); option.value = text; return option; }));
    const find = (exact) => {
      const wanted = byId("search-box").value.trim().toLowerCase();
      if (!wanted) return;
      const test = [(text) => text === wanted, (text) => text.startsWith(wanted), (text) => text.includes(wanted)];
      for (const fits of exact ? test.slice(0, 1) : test) {
        const hit = known.find((one) => fits(one[0].toLowerCase()));
        if (hit) { go(hit[1], hit[2], byId("search-box")); return; }
      }
      if (!exact) say(`Nothing here is called “${wanted}”.`);
    };
    byId("search").addEventListener("submit", (event) => { event.preventDefault(); find(false); });
    byId("search-box").addEventListener("input", () => find(true));

    // Names in the tables become buttons that show the row on the map; one per table is in the tab order, arrows move.
    things.forEach((thing, kind) => {
      rows[kind].forEach((row, number) => {
        const button = make("button", row.cells[0].textContent, "show");
        button.type = "button";
        button.tabIndex = number === 0 ? 0 : -1;
        button.addEventListener("click", () => go(kind, number, button));
        row.cells[0].replaceChildren(button);
      });
      byId(thing.table).tBodies[0].addEventListener("keydown", (event) => {
        const row = event.target.closest("tr");
        const next = event.key === "ArrowDown" ? row.nextElementSibling : event.key === "ArrowUp" ? row.previousElementSibling : null;
        if (!next || event.target.className !== "show") return;
        event.preventDefault();
        event.target.tabIndex = -1;
        const button = next.cells[0].firstElementChild;
        button.tabIndex = 0;
        button.focus();
      });
    });
    byId("shown-choice").addEventListener("change", () => { map.closePopup(); draw(); });

    // ---- fitting, also to paper
    const fit = () => { map.invalidateSize({animate: false}); map.fitBounds(settings.bounds, {paddingTopLeft: [12, stampHeight() + 12], paddingBottomRight: [12, 12], animate: false}); };
    L.control.zoom({position: "bottomright"}).addTo(map);  // where no popup and no stamp lies over it
    L.control.scale({imperial: true, metric: true}).addTo(map);
    map.setView(L.latLngBounds(settings.bounds).getCenter(), 6);
    fit();
    const whole = map.getZoom();
    map.setMinZoom(Math.max(whole - 2, 0));
    draw();
    window.addEventListener("beforeprint", () => { document.documentElement.classList.add("printing"); fit(); });
    window.addEventListener("afterprint", () => { document.documentElement.classList.remove("printing"); fit(); });
    new ResizeObserver(() => map.invalidateSize({animate: false})).observe(frame);
    frame.dataset.ready = "yes";
  };

  return {features, start};
})();
