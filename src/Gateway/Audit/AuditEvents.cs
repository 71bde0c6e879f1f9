namespace Lockstep.Gateway.Audit;

/// <summary>All events, in one place. Those of Mozilla's Sync 1.1 server have the same names and severities as there, so that existing rules still find them.</summary>
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

    // Of Firefox accounts. The names are those in the server's own log.
    public static readonly AuditEvent AccountMade = new("AccountMade", "made", 3);
    public static readonly AuditEvent AccountAddressShown = new("AccountAddressVerified", "address verified", 3);
    public static readonly AuditEvent SignedIn = new("AccountSignedIn", "signed in", 3);
    public static readonly AuditEvent SignedOut = new("AccountSignedOut", "signed out", 3);
    public static readonly AuditEvent PasswordChanged = new("AccountPasswordChanged", "password changed", 5);
    public static readonly AuditEvent ResetBegun = new("AccountResetBegun", "reset begun", 5);
    public static readonly AuditEvent PasswordReset = new("AccountPasswordReset", "password reset, with a new key", 7);
    public static readonly AuditEvent PasswordRecovered = new("AccountPasswordRecovered", "password reset with the recovery key", 7);
    public static readonly AuditEvent RecoveryKeyMade = new("AccountRecoveryKeyMade", "recovery key made", 5);
    public static readonly AuditEvent RecoveryKeyRemoved = new("AccountRecoveryKeyRemoved", "recovery key removed", 5);
    public static readonly AuditEvent SecondFactorSetUp = new("AccountSecondFactorSetUp", "second factor set up", 5);
    public static readonly AuditEvent SecondFactorRemoved = new("AccountSecondFactorRemoved", "second factor removed", 7);
    public static readonly AuditEvent DeviceAdded = new("AccountDeviceAdded", "device added", 3);
    public static readonly AuditEvent DeviceRemoved = new("AccountDeviceRemoved", "device removed", 5);
    public static readonly AuditEvent ClientRemoved = new("AccountClientRemoved", "client removed", 5);
    public static readonly AuditEvent AppPasswordMade = new("AccountAppPasswordMade", "app password made", 5);
    public static readonly AuditEvent AppPasswordRemoved = new("AccountAppPasswordRemoved", "app password removed", 3);
    public static readonly AuditEvent Exported = new("AccountExported", "exported", 7);
    public static readonly AuditEvent AccountDeleted = new("AccountDeleted", "deleted", 7);

    // Of Kinto, and of the storage of Sync 1.5.
    public static readonly AuditEvent TooManyFailures = new("AuthThrottled", "User Authentication Not Tried After Too Many Failures", 7);
    public static readonly AuditEvent AccountChanged = new("AccountChanged", "changed", 5);
    public static readonly AuditEvent RightsSet = new("RightsSet", "rights set", 5);
    public static readonly AuditEvent ObjectDeleted = new("ObjectDeleted", "object deleted", 5);
    public static readonly AuditEvent AdministratorActed = new("AdministratorActed", "administrator acted", 7);

    // Of administrators, in the console. The path of the request names the account or bucket, and the user is the administrator.
    public static readonly AuditEvent AdministratorMadeAccount = new("AdministratorMadeAccount", "account made by an administrator", 5);
    public static readonly AuditEvent AdministratorMadeInvitation = new("AdministratorMadeInvitation", "invitation made by an administrator", 5);
    public static readonly AuditEvent AdministratorRevokedInvitation = new("AdministratorRevokedInvitation", "invitation revoked by an administrator", 4);
    public static readonly AuditEvent AdministratorResetPassword = new("AdministratorResetPassword", "password reset by an administrator", 8);
    public static readonly AuditEvent AdministratorDisabledAccount = new("AdministratorDisabledAccount", "account disabled by an administrator", 7);
    public static readonly AuditEvent AdministratorEnabledAccount = new("AdministratorEnabledAccount", "account enabled by an administrator", 7);
    public static readonly AuditEvent AdministratorSetQuota = new("AdministratorSetQuota", "quota set by an administrator", 4);
    public static readonly AuditEvent AdministratorDeletedAccount = new("AdministratorDeletedAccount", "account deleted by an administrator", 8);
    public static readonly AuditEvent AdministratorDeletedBucket = new("AdministratorDeletedBucket", "bucket deleted by an administrator", 8);

    public static IReadOnlyList<AuditEvent> All { get; } =
    [
        NoAuthorization, UnknownScheme, BadlyEncoded, OtherUser, ImpossibleUser, PasswordNotUtf8, WrongPassword, WrongResetCode, ResetCleared,
        AccountMade, AccountAddressShown, SignedIn, SignedOut, PasswordChanged, ResetBegun, PasswordReset, PasswordRecovered, RecoveryKeyMade, RecoveryKeyRemoved, SecondFactorSetUp, SecondFactorRemoved,
        DeviceAdded, DeviceRemoved, ClientRemoved, AppPasswordMade, AppPasswordRemoved, Exported, AccountDeleted,
        TooManyFailures, AccountChanged, RightsSet, ObjectDeleted, AdministratorActed,
        AdministratorMadeAccount, AdministratorMadeInvitation, AdministratorRevokedInvitation, AdministratorResetPassword, AdministratorDisabledAccount, AdministratorEnabledAccount, AdministratorSetQuota, AdministratorDeletedAccount, AdministratorDeletedBucket,
    ];

    private static AuditEvent Of(string name, int severity) => new(name, name, severity);
}
