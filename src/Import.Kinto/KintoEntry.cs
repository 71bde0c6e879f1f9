namespace Lockstep.Import.Kinto;

/// <summary>A row of the table <c>access_control_entries</c>: that a principal may do something with an object.</summary>
/// <param name="Permission">What, as Kinto calls it: <c>record:create</c>.</param>
/// <param name="Principal">Who, as clients write it.</param>
public readonly record struct KintoEntry(string Permission, string Principal);
