// The public face: the plugin, its types, and the policy sources.
export {}
