namespace Lockstep.Storage.Sqlite.Tests;

/// <summary>A test that is left out where no <see cref="SmallDisk"/> can be had.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SmallDiskFactAttribute : FactAttribute
{
    public SmallDiskFactAttribute() => Skip = SmallDisk.Missing;
}
