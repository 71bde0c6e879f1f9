namespace Lockstep.Gateway.Audit;

/// <summary>All events that there are, in one place. Those that Mozilla's server of Sync 1.1 had are named, and weighed, as there: rules that look for them go on to find them.</summary>
public static class AuditEvents
{
    public static readonly AuditEvent NoAuthorization = Of("No Authorization header was provided", 7);
    public static readonly AuditEvent UnknownScheme = Of("Authorization header contains unknown protocol", 7);
    public static readonly AuditEvent BadlyEncoded = Of("Authorization header is badly encoded", 7);
    public static readonly AuditEvent OtherUser = Of("Username Does Not Match URL", 7);
    public static readonly AuditEvent ImpossibleUser = Of("Username contains invalid characters", 7);
    public static readonly AuditEvent PasswordNotUtf8 = Of("Password is not utf-8 encoded", 7);
    public static readonly AuditEvent WrongPassword = new("AuthFail", "User Authentication Failed", 5);
    public static readonly AuditEvent WrongResetCode = new("InvalidResetCode", "Invalid Reset Code submitted", 5);
    public static readonly AuditEvent ResetCleared = new("PasswordResetCleared", "User requested password reset clear", 9);

    public static IReadOnlyList<AuditEvent> All { get; } =
        [NoAuthorization, UnknownScheme, BadlyEncoded, OtherUser, ImpossibleUser, PasswordNotUtf8, WrongPassword, WrongResetCode, ResetCleared];

    private static AuditEvent Of(string name, int severity) => new(name, name, severity);
}
