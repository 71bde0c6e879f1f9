namespace Lockstep.Core.Patches;

/// <summary>The three ways Kinto lets a client change an object in part.</summary>
public enum PatchKind : byte
{
    /// <summary><c>application/json</c>: top-level fields replace those of the same name; null is stored as null.</summary>
    Shallow = 0,

    /// <summary><c>application/merge-patch+json</c>, RFC 7396: recursive, null removes.</summary>
    Merge,

    /// <summary><c>application/json-patch+json</c>, RFC 6902, on a document with <c>/data</c>.</summary>
    Operations,
}
