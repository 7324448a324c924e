// The page for an unknown address in the language of that address; search follows the language.
{
  const english = location.pathname.startsWith(document.currentScript.dataset.home);
  document.documentElement.lang = english ? "en" : "zh";
  document.querySelector(`article div[lang=${english ? "zh" : "en"}]`).remove();
}
