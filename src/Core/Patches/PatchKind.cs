namespace Lockstep.Core.Patches;

/// <summary>How a patch changes an object in part.</summary>
/// <remarks>Kinto: the three media types of PATCH.</remarks>
public enum PatchKind : byte
{
    /// <summary>Top-level fields replace those of the same name; null is stored as null (<c>application/json</c>).</summary>
    Shallow = 0,

    /// <summary>RFC 7396: recursive, null removes (<c>application/merge-patch+json</c>).</summary>
    Merge,

    /// <summary>RFC 6902, on a document with <c>/data</c> (<c>application/json-patch+json</c>).</summary>
    Operations,
}
