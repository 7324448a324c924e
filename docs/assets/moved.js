// Leads on from an old address (hooks/redirects.py), with the fragment that was asked for.
{
  const target = new URL(document.currentScript.dataset.target, location.href);
  target.hash = location.hash || target.hash;
  location.replace(target);
}
