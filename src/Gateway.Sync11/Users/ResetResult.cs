namespace Lockstep.Gateway.Sync11.Users;

/// <summary>The result of a request for a code or for a new password.</summary>
internal enum ResetResult
{
    Done,

    /// <summary>This server sends no mails.</summary>
    NotOffered,

    UnknownUser,

    /// <summary>The user has no mail address.</summary>
    NoAddress,

    WrongCode,

    WeakPassword,

    /// <summary>There was no room, or somebody else changed the user at the same time. It can be tried again.</summary>
    Unavailable,

    /// <summary>The user has another password by now, or is gone.</summary>
    Changed,
}
