namespace Lockstep.Gateway.Sync11.Users;

/// <summary>What came of a request for a code or for a new password.</summary>
internal enum ResetResult
{
    Done,

    /// <summary>No mails leave here.</summary>
    NotOffered,

    UnknownUser,

    /// <summary>The user has no address that a mail could go to.</summary>
    NoAddress,

    WrongCode,

    WeakPassword,

    /// <summary>There was no room, or somebody else changed the user at the same time: it can be tried again.</summary>
    Unavailable,

    /// <summary>The user has another password by now, or is gone.</summary>
    Changed,
}
