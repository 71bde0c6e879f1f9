namespace Lockstep.Storage.PostgreSql.Connections;

/// <summary>
/// The numbers of all advisory locks that are taken in a database. Nothing else in it may lock by them, and no two may be the same. They never change: programs of several versions run
/// beside each other.
/// </summary>
internal static class AdvisoryLocks
{
    /// <summary>Scripts are applied to the schema.</summary>
    public const long Schema = 0x6C6F636B_73746570;

    /// <summary>Something is taken over into the cluster, or all of it is gone through to change it.</summary>
    public const long Import = 0x6C6F636B_696D706F;

    /// <summary>
    /// An account of a name is made; the name's hash is the second half. Programs of 0.1.0 and 0.2.0 remove by name what a former account left behind, under this lock: so every statement that makes
    /// an account takes it.
    /// </summary>
    public const int AccountName = 0x6E616D65;

    /// <summary>A login of a name is made; the name's hash is the second half.</summary>
    public const int LoginName = 0x6C6F6769;

    /// <summary>A user's stores are assigned; the user's hash is the second half.</summary>
    public const int SyncUser = 0x75736572;

    /// <summary>Links for administrators are made or used; the second half is 0.</summary>
    public const int AdministratorLinks = 0x61646D69;

    /// <summary>A key that signs access tokens is added; the second half is 0.</summary>
    public const int ServerKeys = 0x6B657973;
}
