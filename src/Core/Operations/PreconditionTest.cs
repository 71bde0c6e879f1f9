namespace Lockstep.Core.Operations;

/// <summary>What a precondition tests.</summary>
public enum PreconditionTest : byte
{
    None = 0,

    /// <summary>Not modified after the stamp (Sync: <c>X-If-Unmodified-Since</c>).</summary>
    UnmodifiedSince,

    /// <summary>The stamp is exactly this (Kinto: <c>If-Match: "T"</c>). A missing object never matches.</summary>
    Match,

    /// <summary>The stamp is not this (Kinto: <c>If-None-Match: "T"</c>). Failing on a read means "not modified".</summary>
    NoneMatch,

    /// <summary>The subject exists (HTTP: <c>If-Match: *</c>).</summary>
    MustExist,

    /// <summary>The subject does not exist (HTTP: <c>If-None-Match: *</c>). Failing on a read means "not modified" too.</summary>
    MustNotExist,

    /// <summary>Modified after the stamp (Sync: <c>X-If-Modified-Since</c>). Failing on a read means "not modified" too.</summary>
    ModifiedSince,
}
