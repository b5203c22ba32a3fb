<#
.SYNOPSIS
    Writes what vmlint judges of the virtual machines on this Hyper-V host into one JSON file.

.DESCRIPTION
    Run it on the host, in Windows PowerShell 5.1 or PowerShell 7, as somebody who may look at virtual machines (a member of
    "Hyper-V Administrators" is enough for most of it). It only reads: the one thing it writes is the file named by -Path.

    What a cmdlet cannot tell is left out and listed under "Problems", so that vmlint says "not known" and never "none".
    Nothing about users is written: no owners, no credentials, no contents of guests but the name and version of their system.

.PARAMETER Name
    The machines to export, with wildcards. All of them by default.

.PARAMETER Path
    The file to write. Without it the JSON goes to the pipeline.

.EXAMPLE
    .\Export-VmlintInventory.ps1 -Path inventory.json

.EXAMPLE
    .\Export-VmlintInventory.ps1 -Name 'web*' | vmlint check -
#>
[CmdletBinding()]
param(
    [string[]] $Name = '*',
    [string] $Path
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

# Values as JSON keeps them best: names of enumerations, plain text of identifiers, versions and times.
function ConvertTo-Plain {
    param([object] $Value)
    if ($null -eq $Value) { return $null }
    if ($Value -is [enum] -or $Value -is [guid] -or $Value -is [version] -or $Value -is [timespan]) { return $Value.ToString() }
    if ($Value -is [datetime]) { return $Value.ToString('o') }
    if ($Value -is [array] -or $Value -is [System.Collections.IList]) {
        return , @($Value | ForEach-Object { ConvertTo-Plain $_ })
    }
    if ($Value -is [string] -or $Value -is [bool] -or $Value.GetType().IsPrimitive -or $Value -is [decimal]) { return $Value }
    return $Value.ToString()
}

# The named properties of an object, those that this host's version of the module has.
function Select-Setting {
    param([object] $InputObject, [string[]] $Property)
    $result = [ordered] @{}
    foreach ($one in $Property) {
        $found = $InputObject.PSObject.Properties[$one]
        if ($null -ne $found) { $result[$one] = ConvertTo-Plain $found.Value }
    }
    return [pscustomobject] $result
}

# Runs a cmdlet and adds what it gives, as a list or as the one object there is. A failure adds nothing but its message.
function Add-Part {
    param(
        [System.Collections.IDictionary] $To,
        [System.Collections.IList] $Problems,
        [string] $As,
        [scriptblock] $From,
        [string[]] $Property,
        [switch] $One
    )
    try {
        $found = @(& $From | Where-Object { $null -ne $_ } | ForEach-Object { Select-Setting $_ $Property })
    }
    catch {
        [void] $Problems.Add("${As}: $($_.Exception.Message)")
        return
    }
    if (-not $One) { $To[$As] = $found }
    elseif ($found.Count -gt 0) { $To[$As] = $found[0] }
}

# What the cmdlets do not show of a machine, from WMI.
function Get-SystemSetting {
    param([guid] $Id)
    $filter = "VirtualSystemIdentifier='$($Id.ToString().ToUpperInvariant())' AND VirtualSystemType='Microsoft:Hyper-V:System:Realized'"
    Get-CimInstance -Namespace 'root\virtualization\v2' -ClassName 'Msvm_VirtualSystemSettingData' -Filter $filter
}

# The name and version of the guest's system, where the guest has told them while it ran.
function Get-GuestSystem {
    param([guid] $Id)
    $filter = "SystemName='$($Id.ToString().ToUpperInvariant())'"
    $component = Get-CimInstance -Namespace 'root\virtualization\v2' -ClassName 'Msvm_KvpExchangeComponent' -Filter $filter
    $result = [ordered] @{}
    foreach ($item in @($component | ForEach-Object { $_.GuestIntrinsicExchangeItems })) {
        if (-not $item) { continue }
        $values = @{}
        foreach ($property in ([xml] $item).INSTANCE.PROPERTY) {
            $value = $property.SelectSingleNode('VALUE')
            if ($null -ne $value) { $values[$property.NAME] = $value.InnerText }
        }
        if ($values['Name'] -in 'OSName', 'OSVersion', 'ProcessorArchitecture') { $result[$values['Name']] = $values['Data'] }
    }
    if ($result.Count -gt 0) { [pscustomobject] $result }
}

$identity = 'Id', 'VMId', 'VMName', 'Name'

$machines = foreach ($vm in @(Get-VM -Name $Name)) {
    $problems = New-Object System.Collections.ArrayList
    $machine = [ordered] @{}
    $parts = @{ To = $machine; Problems = $problems }
    $isFirstGeneration = $vm.Generation -eq 1

    Add-Part @parts -One -As 'VM' -From { $vm } -Property @(
        'Id', 'Name', 'Generation', 'Version', 'State', 'Notes', 'IsClustered', 'LockOnDisconnect', 'ProcessorCount',
        'MemoryStartup', 'DynamicMemoryEnabled', 'MemoryMinimum', 'MemoryMaximum', 'LowMemoryMappedIoSpace',
        'HighMemoryMappedIoSpace', 'GuestControlledCacheTypes', 'AutomaticStartAction', 'AutomaticStartDelay',
        'AutomaticStopAction', 'AutomaticCriticalErrorAction', 'AutomaticCriticalErrorActionTimeout', 'CheckpointType',
        'AutomaticCheckpointsEnabled', 'ParentSnapshotId', 'ReplicationMode', 'ConfigurationLocation',
        'SnapshotFileLocation', 'SmartPagingFilePath')
    Add-Part @parts -One -As 'SystemSetting' -From { Get-SystemSetting $vm.Id } -Property @(
        'AllowFullSCSICommandSet', 'AllowReducedFcRedundancy', 'VirtualNumaEnabled')
    Add-Part @parts -One -As 'Processor' -From { Get-VMProcessor -VM $vm } -Property ($identity + @(
        'Count', 'Maximum', 'Reserve', 'RelativeWeight', 'ExposeVirtualizationExtensions', 'CompatibilityForMigrationEnabled',
        'CompatibilityForOlderOperatingSystemsEnabled', 'HwThreadCountPerCore', 'EnableHostResourceProtection',
        'MaximumCountPerNumaNode', 'MaximumCountPerNumaSocket'))
    Add-Part @parts -One -As 'Memory' -From { Get-VMMemory -VM $vm } -Property ($identity + @(
        'Startup', 'DynamicMemoryEnabled', 'Minimum', 'Maximum', 'Buffer', 'Priority', 'MaximumPerNumaNode'))
    Add-Part @parts -One -As 'Security' -From { Get-VMSecurity -VM $vm } -Property @(
        'TpmEnabled', 'KsdEnabled', 'Shielded', 'EncryptStateAndVmMigrationTraffic', 'VirtualizationBasedSecurityOptOut')
    Add-Part @parts -One -As 'Video' -From { Get-VMVideo -VM $vm } -Property @(
        'ResolutionType', 'HorizontalResolution', 'VerticalResolution')

    if ($isFirstGeneration) {
        Add-Part @parts -One -As 'Bios' -From { Get-VMBios -VM $vm } -Property @('VMId', 'VMName', 'StartupOrder', 'NumLockEnabled')
        Add-Part @parts -As 'FloppyDrive' -From { Get-VMFloppyDiskDrive -VM $vm } -Property ($identity + @('Path'))
        Add-Part @parts -As 'IdeControllers' -From { Get-VMIdeController -VM $vm } -Property ($identity + @('ControllerNumber'))
    }
    else {
        Add-Part @parts -One -As 'Firmware' -From { Get-VMFirmware -VM $vm } -Property @(
            'VMId', 'VMName', 'SecureBoot', 'SecureBootTemplate', 'SecureBootTemplateId', 'ConsoleMode',
            'PreferredNetworkBootProtocol', 'PauseAfterBootFailure')
        try {
            $order = foreach ($entry in @((Get-VMFirmware -VM $vm).BootOrder)) {
                if ($null -eq $entry) { continue }
                $boot = Select-Setting $entry @('BootType', 'Description', 'FirmwarePath')
                if ($null -ne $entry.Device) {
                    $device = Select-Setting $entry.Device @('Name', 'Path', 'ControllerType', 'ControllerNumber', 'ControllerLocation')
                    Add-Member -InputObject $boot -NotePropertyName 'Device' -NotePropertyValue $device
                }
                $boot
            }
            Add-Member -InputObject $machine['Firmware'] -NotePropertyName 'BootOrder' -NotePropertyValue @($order)
        }
        catch {
            [void] $problems.Add("BootOrder: $($_.Exception.Message)")
        }
    }

    $drive = $identity + @('Path', 'ControllerType', 'ControllerNumber', 'ControllerLocation')
    Add-Part @parts -As 'HardDiskDrives' -From { Get-VMHardDiskDrive -VM $vm } -Property ($drive + @(
        'DiskNumber', 'MaximumIOPS', 'MinimumIOPS', 'SupportPersistentReservations'))
    Add-Part @parts -As 'DvdDrives' -From { Get-VMDvdDrive -VM $vm } -Property ($drive + @('DvdMediaType'))
    Add-Part @parts -As 'ScsiControllers' -From { Get-VMScsiController -VM $vm } -Property ($identity + @('ControllerNumber', 'Drives'))
    # A disk that cannot be read now leaves out only itself.
    $disks = @(Get-VMHardDiskDrive -VM $vm -ErrorAction SilentlyContinue | Where-Object { $_.Path -and $null -eq $_.DiskNumber })
    $virtualDisks = foreach ($disk in $disks) {
        try { Select-Setting (Get-VHD -Path $disk.Path) @('Path', 'VhdFormat', 'VhdType', 'Size', 'BlockSize', 'ParentPath') }
        catch { [void] $problems.Add("VirtualDisks: $($_.Exception.Message)") }
    }
    $machine['VirtualDisks'] = @($virtualDisks | Where-Object { $null -ne $_ })

    try {
        $adapters = foreach ($adapter in @(Get-VMNetworkAdapter -VM $vm)) {
            $one = Select-Setting $adapter ($identity + @(
                'IsLegacy', 'Connected', 'SwitchName', 'MacAddress', 'DynamicMacAddressEnabled', 'MacAddressSpoofing',
                'DhcpGuard', 'RouterGuard', 'PortMirroringMode', 'AllowTeaming', 'IeeePriorityTag', 'ClusterMonitored',
                'DeviceNaming', 'IovWeight', 'IovQueuePairsRequested', 'IovInterruptModeration', 'VMQWeight', 'VrssEnabled',
                'VmmqEnabled', 'IPsecOffloadMaxSA'))
            try {
                $vlan = Select-Setting (Get-VMNetworkAdapterVlan -VMNetworkAdapter $adapter) @(
                    'OperationMode', 'AccessVlanId', 'NativeVlanId', 'AllowedVlanIdList', 'PrivateVlanMode', 'PrimaryVlanId',
                    'SecondaryVlanIdList')
                Add-Member -InputObject $one -NotePropertyName 'VlanSetting' -NotePropertyValue $vlan
            }
            catch { [void] $problems.Add("VlanSetting: $($_.Exception.Message)") }
            try {
                $failover = Select-Setting (Get-VMNetworkAdapterFailoverConfiguration -VMNetworkAdapter $adapter) @(
                    'IPv4Address', 'IPv4SubnetMask', 'IPv6Address', 'TestIPv4Address', 'TestIPv6Address')
                Add-Member -InputObject $one -NotePropertyName 'FailoverConfiguration' -NotePropertyValue $failover
            }
            catch { [void] $problems.Add("FailoverConfiguration: $($_.Exception.Message)") }
            $one
        }
        $machine['NetworkAdapters'] = @($adapters | Where-Object { $null -ne $_ })
    }
    catch {
        [void] $problems.Add("NetworkAdapters: $($_.Exception.Message)")
    }

    Add-Part @parts -As 'FibreChannelHbas' -From { Get-VMFibreChannelHba -VM $vm } -Property ($identity + @(
        'SanName', 'WorldWideNodeNameSetA', 'WorldWidePortNameSetA', 'WorldWideNodeNameSetB', 'WorldWidePortNameSetB'))
    Add-Part @parts -As 'IntegrationServices' -From { Get-VMIntegrationService -VM $vm } -Property ($identity + @('Enabled'))
    Add-Part @parts -As 'AssignableDevices' -From { Get-VMAssignableDevice -VM $vm } -Property ($identity + @(
        'InstanceID', 'LocationPath', 'VirtualFunction'))
    Add-Part @parts -As 'GpuPartitionAdapters' -From { Get-VMGpuPartitionAdapter -VM $vm } -Property ($identity + @(
        'InstancePath', 'MinPartitionVRAM', 'MaxPartitionVRAM'))
    Add-Part @parts -As 'ComPorts' -From { Get-VMComPort -VM $vm } -Property ($identity + @('Path', 'DebuggerMode'))
    Add-Part @parts -As 'Checkpoints' -From { Get-VMSnapshot -VM $vm } -Property @('Name', 'VMId', 'VMName', 'SnapshotType')
    if ("$($vm.ReplicationMode)" -ne 'None') {
        Add-Part @parts -One -As 'Replication' -From { Get-VMReplication -VM $vm } -Property @(
            'VMId', 'VMName', 'Mode', 'AuthenticationType', 'CompressionEnabled', 'AutoResynchronizeEnabled',
            'AutoResynchronizeIntervalStart', 'AutoResynchronizeIntervalEnd', 'VSSSnapshotFrequencyHour', 'ExcludedDisks')
    }
    Add-Part @parts -One -As 'GuestSystem' -From { Get-GuestSystem $vm.Id } -Property @('OSName', 'OSVersion', 'ProcessorArchitecture')

    $machine['Problems'] = @($problems)
    [pscustomobject] $machine
}

$inventory = [ordered] @{
    Format   = 'vmlint-inventory/1'
    Created  = (Get-Date).ToUniversalTime().ToString('o')
    Machines = @($machines | Where-Object { $null -ne $_ })
}

# Nothing lies deeper than machine, adapter, setting, list.
$json = ConvertTo-Json -InputObject ([pscustomobject] $inventory) -Depth 8
if ($Path) {
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path)
    # UTF-8 without a byte order mark, in both editions.
    [System.IO.File]::WriteAllText($full, $json + [System.Environment]::NewLine)
}
else {
    $json
}
