namespace Lockstep.Import.Kinto;

/// <summary>A row of the table <c>access_control_entries</c>: a principal has a permission on an object.</summary>
/// <param name="Permission">Kinto's name of the permission: <c>record:create</c>.</param>
/// <param name="Principal">The principal, as clients write it.</param>
public readonly record struct KintoEntry(string Permission, string Principal);
