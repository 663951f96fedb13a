/**
 * Draws each figure's interactive form in the place of its picture, in the page's colours and at most as wide as the page.
 * Where plotly is missing or cannot draw it, the picture stays.
 */
(() => {
  /** Text in a figure is 13 pixels high: drawn smaller than this, it cannot be read, and the figure is scrolled instead. */
  const smallest = 0.72;
  const narrow = matchMedia("(max-width: 600px)");

  /** The figure in the dark page's colours. White letters and the shades of a heat map stay: they lie on colours. */
  const darkened = (value, key = "", isLetters = false) => {
    if (key === "colorscale") return value;
    if (typeof value === "string") {
      return value.replace(/#[0-9a-f]{6}/gi, (color) => {
        const dark = globalThis.darkColors[color.toLowerCase()];
        return dark && !(isLetters && color.toLowerCase() === "#ffffff") ? dark : color;
      });
    }
    if (Array.isArray(value)) return value.map((item) => darkened(item, key, isLetters));
    if (value === null || typeof value !== "object") return value;
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([name, item]) => [name, darkened(item, name, isLetters || name === "font")]),
    );
  };

  const setUp = (figure) => {
    const frame = figure.querySelector(".frame");
    const picture = figure.querySelector("img.static");
    // One form, or two: the second is for pages that are too narrow for the first.
    const specs = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
    const specNow = () => (narrow.matches && specs[1]) || specs[0];
    const holder = document.createElement("div");
    holder.className = "interactive";
    holder.setAttribute("role", "img");
    holder.setAttribute("aria-label", picture.alt);
    const plot = document.createElement("div");
    holder.append(plot);

    const fit = () => {
      const { width, height } = specNow().layout;
      const scale = Math.max(Math.min(frame.clientWidth / width, 1), smallest);
      plot.style.transform = scale < 1 ? `scale(${scale})` : "";
      holder.style.width = `${Math.floor(width * scale)}px`;
      holder.style.height = `${Math.ceil(height * scale)}px`;
      figure.classList.toggle("wide", width * scale > frame.clientWidth + 1);
    };
    const draw = async () => {
      const spec = specNow();
      const { data, layout } = globalThis.isDarkPage() ? darkened(spec) : structuredClone(spec);
      await globalThis.Plotly.react(plot, data, layout, {
        ...spec.config,
        displayModeBar: false,
        responsive: false,
      });
    };
    frame.append(holder);
    fit();
    return draw().then(() => {
      figure.classList.add("drawn");
      new ResizeObserver(fit).observe(frame);
      document.addEventListener("theme", draw);
      if (specs[1]) narrow.addEventListener("change", draw);
    }, (error) => {
      holder.remove();
      throw error;
    });
  };

  const drawAll = async () => {
    // Plotly measures its texts: the letters must be there.
    await Promise.all([400, 600].map((weight) => document.fonts.load(`${weight} 13px Inter`)));
    for (const figure of document.querySelectorAll("figure.figure")) {
      await setUp(figure).catch((error) => console.error(error));
    }
    document.documentElement.dataset.figures = "drawn";
  };
  drawAll();
})();
