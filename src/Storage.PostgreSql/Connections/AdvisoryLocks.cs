namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>
/// The numbers of all advisory locks that are taken in a database. Nothing else may lock with these numbers, and no two may be equal. They never change, since
/// programs of several versions run side by side.
/// </summary>
internal static class AdvisoryLocks
{
    /// <summary>Held while scripts are applied to the schema.</summary>
    public const long Schema = 0x6C6F636B_73746570;

    /// <summary>Held while something is imported into the cluster, or all of it is gone through to change it.</summary>
    public const long Import = 0x6C6F636B_696D706F;

    /// <summary>
    /// Held while an account with a name is made. The second half is the name's hash. Programs of 0.1.0 and 0.2.0 remove the remains of a former account by its
    /// name, under this lock. So every statement that makes an account takes it.
    /// </summary>
    public const int AccountName = 0x6E616D65;

    /// <summary>Held while a login with a name is made. The second half is the name's hash.</summary>
    public const int LoginName = 0x6C6F6769;

    /// <summary>Held while a user's stores are assigned. The second half is the user's hash.</summary>
    public const int SyncUser = 0x75736572;

    /// <summary>Held while links for administrators are made or used. The second half is 0.</summary>
    public const int AdministratorLinks = 0x61646D69;

    /// <summary>Held while a key that signs access tokens is added. The second half is 0.</summary>
    public const int ServerKeys = 0x6B657973;
}
