// Before the first paint: the theme and density that were chosen in this browser.
;(() => {
  const root = document.documentElement
  try {
    const theme = localStorage.getItem('bursar.theme')
    if (theme === 'light' || theme === 'dark') root.dataset.theme = theme
    const density = localStorage.getItem('bursar.density')
    if (density === 'comfortable' || density === 'compact') root.dataset.density = density
  } catch {
    // A browser that stores nothing follows the system.
  }
})()
